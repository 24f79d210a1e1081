import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { RunStatisticsSchema } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { perMinute, PERIODS, shareText, totalsOf, withoutLull } from "./statistics.ts";
import { niceTop } from "./nice-top.ts";

const BUCKETS = [
  create(RunStatisticsSchema, { runCount: 30n, refusedCount: 2n, callCount: 40n, failedCallCount: 3n }),
  create(RunStatisticsSchema, { runCount: 15n }),
];

describe("totalsOf()", () => {
  it("sums all parts of time", () =>
    assert.deepEqual(totalsOf(BUCKETS), { runs: 45, refused: 2, calls: 40, failedCalls: 3 }));
});

describe("perMinute()", () => {
  for (const [label, expected] of [
    ["last hour", [30, 15]],
    ["last day", [2, 1]],
    ["last week", [0.5, 0.25]],
  ] as const) {
    it(`divides by the minutes of each part of the ${label}`, () => {
      const period = PERIODS.find((each) => each.label === label);
      assert.ok(period);
      assert.deepEqual(
        perMinute(BUCKETS, period, ({ runCount }) => runCount),
        expected,
      );
    });
  }
});

describe("withoutLull()", () => {
  it("leaves the noughts beside what is none", () =>
    assert.deepEqual(withoutLull([0, 0, 2, 0, 0, 0]), [undefined, 0, 2, 0, undefined, undefined]));
});

describe("shareText()", () => {
  for (const [part, whole, text] of [
    [0, 0, "none"],
    [0, 10, "0 %"],
    [1, 3, "33 %"],
    [1, 20, "5 %"],
    [1, 100_000, "0.1 %"],
    [10, 10, "100 %"],
  ] as const) {
    it(`says ${text} for ${part} of ${whole}`, () => assert.equal(shareText(part, whole), text));
  }
});

describe("niceTop()", () => {
  for (const [value, top] of [
    [0, 1],
    [1, 1],
    [1.2, 2],
    [3, 5],
    [99, 100],
    [101, 200],
  ] as const) {
    it(`has a scale up to ${top} for ${value}`, () => assert.equal(niceTop(value), top));
  }
});
