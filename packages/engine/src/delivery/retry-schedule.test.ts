import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { retryDelayMs } from "./retry-schedule.ts";

describe("retryDelayMs()", () => {
  const retryDelaysMs = [1_000, 10_000];
  const cases: readonly [
    failures: number,
    random: number,
    retryAfterMs: number | undefined,
    expected: number | undefined,
  ][] = [
    [1, 0.5, undefined, 1_000],
    [1, 0, undefined, 800],
    [2, 0.5, undefined, 10_000],
    [2, 0.5, 500, 10_000],
    [2, 0.5, 60_000, 60_000],
    [3, 0.5, undefined, undefined],
    [3, 0.5, 60_000, undefined],
  ];
  for (const [failures, random, retryAfterMs, expected] of cases) {
    it(`is ${expected ?? "none"} after failure ${failures} with ${random} at random, asked for ${retryAfterMs ?? "nothing"}`, () =>
      assert.equal(retryDelayMs(failures, { retryDelaysMs, retryAfterMs, random }), expected));
  }

  it("stays within a fifth of the delay, and ends after the last", () => {
    const delays = fc.array(fc.integer({ min: 10, max: 1e8 }), { maxLength: 50 });
    const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 60 }), random, (retryDelaysMs, failures, random) => {
        const delay = retryDelayMs(failures, { retryDelaysMs, random });
        const planned = retryDelaysMs[failures - 1];
        if (planned === undefined) return delay === undefined;
        return delay !== undefined && Math.abs(delay - planned) <= planned * 0.2 + 1;
      }),
    );
  });
});
