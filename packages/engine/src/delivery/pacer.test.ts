import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createPacer } from "./pacer.ts";

describe("a pacer", () => {
  it("has room for any number without a limit", () => {
    assert.equal(createPacer(0, 0).room(0), Number.POSITIVE_INFINITY);
  });

  it("begins nothing in the first second, which may have been used up", () => {
    const pacer = createPacer(3, 100);
    assert.equal(pacer.room(1_099), 0);
    assert.equal(pacer.nextAt(), 1_100);
    assert.equal(pacer.room(1_100), 3);
  });

  it("has room again a second after each attempt began", () => {
    const pacer = createPacer(2, 0);
    pacer.begin(1_000);
    pacer.begin(1_400);
    assert.deepEqual([pacer.room(1_999), pacer.nextAt()], [0, 2_000]);
    assert.deepEqual([pacer.room(2_000), pacer.room(2_400)], [1, 2]);
  });

  it("never lets more begin within a second than its limit", () => {
    const waits = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), waits, (perSecond, waits) => {
        const pacer = createPacer(perSecond, 0);
        const begun: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          for (let room = pacer.room(now); room > 0; room--) {
            pacer.begin(now);
            begun.push(now);
          }
        }
        begun.forEach((at, i) => assert.ok(at - (begun[i - perSecond] ?? -1_000) >= 1_000));
      }),
    );
  });
});
