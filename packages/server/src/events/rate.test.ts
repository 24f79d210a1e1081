import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRate } from "./rate.ts";

/** A rate and the clock that it goes by. */
function rateOf(perSecond: number) {
  let now = 1_000;
  const rate = createRate(perSecond, () => now);
  return { take: rate.take, pass: (ms: number) => void (now += ms) };
}

describe("createRate()", () => {
  it("lets as much through at once as within a second, and then says how long to wait", () => {
    const { take, pass } = rateOf(10);
    for (let i = 0; i < 10; i++) assert.equal(take(1), 0);
    assert.equal(take(1), 100);
    pass(99);
    assert.equal(take(1), 1);
    pass(1);
    assert.equal(take(1), 0);
    pass(60_000);
    assert.deepEqual([take(10), take(1)], [0, 100], "what was not used for long does not add up");
  });

  it("lets more through than it holds where nothing was taken, and makes up for it afterwards", () => {
    const { take, pass } = rateOf(10);
    assert.equal(take(25), 0);
    assert.equal(take(1), 1_600);
    pass(1_600);
    assert.deepEqual([take(1), take(25)], [0, 1_000]);
  });

  it("has no limit by 0", () => {
    const { take } = rateOf(0);
    for (let i = 0; i < 100; i++) assert.equal(take(1_000), 0);
  });

  it("takes when it was waited for as long as it said, and never more than the rate in all", () => {
    const steps = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 30 }), wait: fc.integer({ min: 0, max: 500 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (perSecond, all) => {
        const { take, pass } = rateOf(perSecond);
        let taken = 0;
        let passedMs = 0;
        for (const { count, wait } of all) {
          let ms = take(count);
          if (ms > 0) {
            pass(ms);
            passedMs += ms;
            ms = take(count);
          }
          assert.equal(ms, 0);
          taken += count;
          // What is taken last may be larger than what the bucket holds.
          assert.ok(taken - count <= (passedMs / 1000) * perSecond + perSecond + 1e-6);
          pass(wait);
          passedMs += wait;
        }
      }),
    );
  });
});
