import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "@interpose/engine";
import { BUILTIN_FUNCTIONS } from "../builtin.ts";
import { createJsonSchema } from "./index.ts";
import { sampleOfSchema } from "./sample.ts";

describe("sampleOfSchema()", () => {
  const schemas: readonly (readonly [schema: JsonObject, sample: JsonObject])[] = [
    [{ type: "object" }, {}],
    [
      { type: "object", properties: { a: { type: "string" } }, required: ["b"] },
      { a: "a", b: "b" },
    ],
    [{ properties: { n: { type: "integer", minimum: 5 }, m: { type: "number" } } }, { n: 5, m: 1 }],
    [{ properties: { l: { type: "array", items: { type: "boolean" }, minItems: 2 } } }, { l: [true, true] }],
    [
      { properties: { e: { enum: ["x", "y"] }, c: { const: 1 }, d: { default: null, examples: [2] } } },
      { e: "x", c: 1, d: 2 },
    ],
    [
      { properties: { u: { oneOf: [{ type: "string", format: "uuid" }, { type: "null" }] } } },
      { u: "01234567-89ab-4cde-8f01-23456789abcd" },
    ],
    [{ properties: { t: { type: ["string", "null"], minLength: 3, maxLength: 4 } } }, { t: "txx" }],
  ];
  for (const [schema, sample] of schemas) {
    it(`makes ${JSON.stringify(sample)} of ${JSON.stringify(schema)}`, () => {
      assert.deepEqual(sampleOfSchema(schema), sample);
      assert.deepEqual(createJsonSchema(schema).misfitsOf(sample, "sample"), []);
    });
  }

  it("fits what the built-in functions are given", () => {
    for (const { input } of BUILTIN_FUNCTIONS.values())
      if (input) assert.deepEqual(createJsonSchema(input).misfitsOf(sampleOfSchema(input), "input"), []);
  });

  it("ends, however deep a schema is", () => {
    let deep: JsonObject = { type: "string" };
    for (let i = 0; i < 50; i++) deep = { type: "object", properties: { a: deep, b: deep } };
    assert.ok(JSON.stringify(sampleOfSchema(deep)).length < 100_000);
  });
});
