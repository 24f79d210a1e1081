import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { StreamTable } from "./stream-table.ts";

describe("StreamTable", () => {
  it("holds what a Map would hold, whatever comes and goes, and however numbers lie to one another", () => {
    // Some far apart, of which many belong to the same slot.
    const id = fc.oneof(
      fc.nat(40).map((n) => n * 2 + 1),
      fc.nat(40).map((n) => n * 1_024 + 1),
    );
    const step = fc.record({ id, isAdded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
        const table = new StreamTable<{ readonly id: number }>();
        const expected = new Map<number, { readonly id: number }>();
        for (const { id, isAdded } of steps) {
          if (!isAdded) assert.equal(table.delete(id), expected.delete(id));
          else if (!expected.has(id)) {
            const stream = { id };
            table.add(stream);
            expected.set(id, stream);
          }
          assert.equal(table.size, expected.size);
        }
        for (const step of steps) assert.equal(table.get(step.id), expected.get(step.id));
        assert.deepEqual(
          table.all(),
          [...expected.values()].sort((one, other) => one.id - other.id),
        );
      }),
      { numRuns: 500 },
    );
  });
});
