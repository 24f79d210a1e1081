import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { moved, placeAt } from "./reorder.ts";

describe("moved()", () => {
  const cases = [
    { from: 0, to: 2, becomes: "bcad" },
    { from: 3, to: 0, becomes: "dabc" },
    { from: 1, to: 1, becomes: "abcd" },
    { from: 0, to: 3, becomes: "bcda" },
    { from: 9, to: 0, becomes: "abcd" },
  ];
  for (const { from, to, becomes } of cases)
    it(`makes ${becomes} of abcd when ${from} goes to ${to}`, () =>
      assert.equal(moved(["a", "b", "c", "d"], from, to).join(""), becomes));
});

describe("placeAt()", () => {
  for (const { height, place } of [
    { height: 5, place: 0 },
    { height: 25, place: 1 },
    { height: 99, place: 3 },
  ])
    it(`is ${place} at ${height} among 20, 40 and 60`, () => assert.equal(placeAt(height, [20, 40, 60]), place));
});
