import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createMissingIds } from "./missing-ids.ts";

const at = (seconds: number): Date => new Date(seconds * 1_000);

describe("createMissingIds()", () => {
  it("waits for ids that were passed over, until they are found", () => {
    const missing = createMissingIds();
    assert.equal(missing.found([3n, 5n], 1n, at(0)), 5n);
    assert.deepEqual(missing.list(at(1)), [2n, 4n]);
    assert.equal(missing.found([4n, 6n], 5n, at(1)), 6n);
    assert.deepEqual(missing.list(at(30)), [2n]);
    assert.deepEqual(missing.list(at(31)), [], "what was taken back does not come any more");
  });

  it("waits for the last of very many", () => {
    const missing = createMissingIds();
    assert.equal(missing.found([1_000_000_000n], 0n, at(0)), 1_000_000_000n);
    assert.ok(missing.list(at(1)).length <= 10_000);
    assert.equal(missing.found([2_000_000_000n], 1_000_000_000n, at(1)), 2_000_000_000n);
    const list = missing.list(at(2));
    assert.ok(list.length <= 10_000);
    assert.equal(list.at(-1), 1_999_999_999n);
  });

  it("finds every row once, in whatever order rows are committed", () => {
    const commits = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 200 });
    fc.assert(
      fc.property(commits, fc.array(fc.integer({ min: 0, max: 20 })), (order, sizes) => {
        const missing = createMissingIds();
        const visible = new Set<bigint>();
        const told: bigint[] = [];
        let newest = 0n;
        const look = (): void => {
          const waitedFor = missing.list(at(0)).filter((id) => visible.has(id));
          const behind = [...visible].filter((id) => id > newest).sort((a, b) => Number(a - b));
          told.push(...waitedFor, ...behind);
          newest = missing.found([...waitedFor, ...behind], newest, at(0));
        };
        const left = [...order];
        for (const size of sizes) {
          for (const id of left.splice(0, size)) visible.add(BigInt(id));
          look();
        }
        for (const id of left) visible.add(BigInt(id));
        look();
        assert.deepEqual(told.map(Number).sort(), [...order].sort());
      }),
    );
  });
});
