import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editableDuration, formatMs, parseDuration, parseMs, relativeTime } from "./time.ts";

describe("formatMs()", () => {
  for (const [ms, text] of [
    [0, "0 ms"],
    [1.26, "1.3 ms"],
    [850, "850 ms"],
    [1_240, "1.2 s"],
    [60_000, "1 min"],
    [125_000, "2 min 5 s"],
    [7_200_000, "2 h"],
    [90_061_000, "1 d 1 h"],
  ] as const) {
    it(`says ${text} for ${ms}`, () => assert.equal(formatMs(ms), text));
  }
});

describe("parseMs()", () => {
  for (const [text, ms] of [
    ["5s", 5_000],
    ["250 ms", 250],
    ["1.5 min", 90_000],
    ["2h", 7_200_000],
    ["30d", 2_592_000_000],
    ["3", 3_000],
    ["", undefined],
    ["soon", undefined],
    ["-1s", undefined],
    ["5s 3s", undefined],
  ] as const) {
    it(`reads "${text}" as ${ms ?? "nothing"}`, () => assert.equal(parseMs(text), ms));
  }
});

describe("editableDuration()", () => {
  for (const text of ["5s", "250ms", "86400s", "1500ms"]) {
    it(`writes ${text} as it is read`, () => assert.equal(editableDuration(parseDuration(text)), text));
  }
});

describe("relativeTime()", () => {
  const now = new Date("2026-01-10T12:00:00Z");
  for (const [at, text] of [
    ["2026-01-10T12:00:00.4Z", "now"],
    ["2026-01-10T11:59:50Z", "10 seconds ago"],
    ["2026-01-10T11:00:00Z", "1 hour ago"],
    ["2026-01-11T11:59:00Z", "in 1 day"],
    ["2026-02-09T12:00:00Z", "in 30 days"],
    ["2026-03-12T12:00:00Z", "in 2 months"],
    ["2025-01-10T12:00:00Z", "1 year ago"],
  ] as const) {
    it(`says ${text} for ${at}`, () => assert.equal(relativeTime(new Date(at), now), text));
  }
});
