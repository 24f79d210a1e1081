import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRetryAfter } from "./retry-after.ts";

const NOW = Date.UTC(2026, 10, 6, 8, 49, 30);
const DAY_MS = 24 * 60 * 60 * 1_000;

describe("parseRetryAfter()", () => {
  const cases: readonly [string | undefined, number | undefined][] = [
    ["0", 0],
    ["120", 120_000],
    [" 120 ", 120_000],
    ["86401", DAY_MS],
    ["9".repeat(400), DAY_MS],
    ["Fri, 06 Nov 2026 08:49:37 GMT", 7_000],
    ["Friday, 06-Nov-26 08:49:37 GMT", 7_000],
    ["Fri Nov  6 08:49:37 2026", 7_000],
    ["Fri Nov 06 08:49:37 2026", 7_000],
    ["Fri, 06 Nov 2026 08:49:00 GMT", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
    ["Fri, 06 Nov 2099 08:49:37 GMT", DAY_MS],
    [undefined, undefined],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["soon", undefined],
    ["2026", 2_026_000],
    ["2026-11-06T08:49:37Z", undefined],
    ["Fri, 06 Nov 2026 08:49:37 CET", undefined],
    ["Fri, 06 Nox 2026 08:49:37 GMT", undefined],
    ["Fri, 66 Nov 2026 08:49:37 GMT", undefined],
    ["Fri, 06 Nov 2026 28:49:37 GMT", undefined],
    ["120, 240", undefined],
  ];
  for (const [value, ms] of cases) {
    it(`reads ${value === undefined ? "nothing" : JSON.stringify(value.slice(0, 40))} as ${ms}`, () => {
      assert.equal(parseRetryAfter(value, NOW), ms);
    });
  }
});
