import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { progressBar } from "./progress.ts";
import { readableMs, readableTime } from "./readable.ts";

describe("readableMs()", () => {
  for (const [ms, text] of [
    [0.4, "0 ms"],
    [999, "999 ms"],
    [1_500, "1.5 s"],
    [12_400, "12 s"],
    [120_000, "2 min"],
    [5_400_000, "1.5 h"],
    [172_800_000, "2 d"],
  ] as const)
    it(`writes ${ms} as ${text}`, () => assert.equal(readableMs(ms), text));
});

describe("readableTime()", () => {
  it("writes times in UTC, to the second", () =>
    assert.equal(readableTime(timestampFromDate(new Date("2026-01-02T12:00:00.123Z"))), "2026-01-02 12:00:00Z"));
  it("writes nothing for none", () => assert.equal(readableTime(undefined), ""));
});

describe("progressBar()", () => {
  for (const [count, total, filled] of [
    [0, 10, 0],
    [5, 10, 15],
    [12, 10, 30],
    [0, 0, 30],
  ] as const)
    it(`shows ${count} of ${total}`, () =>
      assert.equal(
        progressBar("replay", count, total),
        `replay ${"█".repeat(filled)}${"░".repeat(30 - filled)} ${count} of ${total}`,
      ));
});
