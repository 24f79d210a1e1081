import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { faultOfJson } from "./plain-json.ts";

describe("faultOfJson()", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  let deep: unknown = 1;
  for (let i = 0; i < 101; i++) deep = [deep];
  const cases: readonly { readonly value: unknown; readonly says: RegExp }[] = [
    { value: { a: [1, Infinity] }, says: /^input\.a\[1\] is a number that is too large/ },
    { value: { a: NaN }, says: /^input\.a is a number/ },
    { value: "\ud800", says: /^input has half of a character/ },
    { value: { "\udc00": 1 }, says: /^input has a key with half/ },
    { value: { a: undefined }, says: /^input\.a is no JSON/ },
    { value: { a: 1n }, says: /^input\.a is no JSON/ },
    { value: { a: new Date(0) }, says: /^input\.a is no JSON/ },
    { value: { a: () => 1 }, says: /^input\.a is no JSON/ },
    { value: new Map(), says: /^input is no JSON/ },
    { value: deep, says: /nested deeper than 100 levels/ },
    { value: circle, says: /nested deeper than 100 levels/ },
  ];
  for (const { value, says } of cases) {
    it(`finds what is wrong: ${says.source}`, () => {
      const fault = faultOfJson(value, "input") ?? assert.fail("there is no fault");
      assert.match(fault, says);
      assert.ok(fault.length < 300);
    });
  }

  it("finds nothing in what JSON.parse makes of whole characters", () => {
    const json = fc.json({ maxDepth: 6, stringUnit: "binary" }).map((text) => JSON.parse(text) as unknown);
    fc.assert(fc.property(json, (value) => assert.equal(faultOfJson(value, "x"), undefined)));
  });
});
