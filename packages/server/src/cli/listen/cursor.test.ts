import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createCursor } from "./cursor.ts";

describe("createCursor()", () => {
  it("stands before the first place that is not done", () => {
    const cursor = createCursor(undefined);
    assert.equal(cursor.position(), undefined);
    const [one, two, three] = [cursor.begin(1n), cursor.begin(5n), cursor.begin(7n)];
    two();
    assert.deepEqual([cursor.position(), cursor.undone()], [undefined, 2]);
    one();
    one();
    assert.deepEqual([cursor.position(), cursor.undone()], [5n, 1]);
    three();
    assert.deepEqual([cursor.position(), cursor.undone()], [7n, 0]);
  });

  it("never passes what is not done, and reaches the end, in whatever order things are done", () => {
    const orders = fc.array(fc.nat(20), { maxLength: 60 });
    fc.assert(
      fc.property(orders, (picks) => {
        const cursor = createCursor(0n);
        const open = new Map<bigint, () => void>();
        let newest = 0n;
        for (const pick of picks) {
          const some = [...open.keys()][pick];
          if (some === undefined) open.set(++newest, cursor.begin(newest));
          else {
            open.get(some)?.();
            open.delete(some);
          }
          const first = [...open.keys()][0];
          assert.equal(cursor.position(), first === undefined ? newest : first - 1n);
        }
      }),
    );
  });
});
