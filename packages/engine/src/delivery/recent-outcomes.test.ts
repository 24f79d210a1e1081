import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRecentOutcomes } from "./recent-outcomes.ts";

const SPAN_MS = 60_000;

describe("recent outcomes", () => {
  it("count for as long as the span, and up to a twelfth less", () => {
    const recent = createRecentOutcomes(SPAN_MS);
    recent.count(true, 1_000);
    recent.count(false, 7_000);
    assert.deepEqual(recent.totals(7_000), { all: 2, failed: 1 });
    assert.deepEqual(recent.totals(SPAN_MS - 1), { all: 2, failed: 1 });
    assert.deepEqual(recent.totals(SPAN_MS + 1_000), { all: 1, failed: 0 });
    assert.deepEqual(recent.totals(SPAN_MS + 7_000), { all: 0, failed: 0 });
  });

  it("take the place of those a span before", () => {
    const recent = createRecentOutcomes(SPAN_MS);
    recent.count(true, 1_000);
    recent.count(false, SPAN_MS + 1_000);
    assert.deepEqual(recent.totals(SPAN_MS + 1_000), { all: 1, failed: 0 });
  });

  it("are forgotten whole, also where the clock began less than the span ago", () => {
    for (const begin of [0, 10 * SPAN_MS]) {
      const recent = createRecentOutcomes(SPAN_MS);
      for (let now = begin; now < begin + 30_000; now += 1_000) recent.count(true, now);
      recent.clear();
      recent.count(false, begin + 30_000);
      assert.deepEqual(recent.totals(begin + 30_000), { all: 1, failed: 0 });
    }
  });
});
