import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Validator, type Schema } from "@cfworker/json-schema";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "@interpose/engine";
import { createJsonSchema, SchemaFault } from "./index.ts";

const lines = (schema: JsonObject, value: JsonValue): readonly string[] =>
  createJsonSchema(schema)
    .misfitsOf(value, "input")
    .map(({ path, rule }) => `${path} ${rule}`);

describe("what breaks a schema", () => {
  const cases: readonly { readonly schema: JsonObject; readonly value: JsonValue; readonly says: readonly string[] }[] =
    [
      { schema: {}, value: { a: 1 }, says: [] },
      { schema: { type: "object" }, value: [], says: ["input must be an object, and is an array"] },
      { schema: { type: ["string", "null"] }, value: 1, says: ["input must be a string or null, and is a number"] },
      { schema: { type: "integer" }, value: 1.5, says: ["input must be an integer, and is a number"] },
      { schema: { type: "integer" }, value: 2, says: [] },
      {
        schema: { type: "object", required: ["a", "b"], properties: { a: { type: "string" }, c: { minimum: 3 } } },
        value: { a: 1, c: 2 },
        says: [
          "input.b is missing (required)",
          "input.a must be a string, and is a number",
          "input.c must be 3 or more (minimum)",
        ],
      },
      {
        schema: { properties: { users: { items: { properties: { name: { maxLength: 2 } } } } } },
        value: { users: [{ name: "ab" }, { name: "abc" }] },
        says: ["input.users[1].name must have 2 characters or less (maxLength)"],
      },
      {
        schema: { additionalProperties: false, properties: { a: true } },
        value: { a: 1, "b c": 2, __proto__x: 3 },
        says: [
          'input["b c"] is not allowed here (additionalProperties)',
          "input.__proto__x is not allowed here (additionalProperties)",
        ],
      },
      {
        schema: { const: { a: [1, { b: null }] } },
        value: { a: [1, { b: 0 }] },
        says: ["input must be the one value of const"],
      },
      { schema: { enum: [{ a: 1, b: 2 }, 3] }, value: { b: 2, a: 1 }, says: [] },
      { schema: { enum: ["secret"] }, value: "guess", says: ["input must be one of the values of enum"] },
      { schema: { multipleOf: 0.1 }, value: 0.3, says: [] },
      { schema: { multipleOf: 0.1 }, value: 0.35, says: ["input must be a multiple of 0.1 (multipleOf)"] },
      { schema: { pattern: "^[a-z]+$" }, value: "ab1", says: ["input must match ^[a-z]+$ (pattern)"] },
      { schema: { minLength: 2 }, value: "😀", says: ["input must have 2 characters or more (minLength)"] },
      {
        schema: { uniqueItems: true },
        value: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
        says: ["input must have no item twice (uniqueItems)"],
      },
      {
        schema: { contains: { type: "string" }, maxContains: 1 },
        value: ["a", "b"],
        says: ["input must have 1 items or less that fit contains, and has 2"],
      },
      {
        schema: { anyOf: [{ type: "string" }, { minimum: 3 }] },
        value: 2,
        says: ["input fits none of the schemas of anyOf"],
      },
      {
        schema: { oneOf: [{ minimum: 1 }, { minimum: 2 }] },
        value: 2,
        says: ["input fits 2 of the schemas of oneOf, and must fit one"],
      },
      { schema: { not: { required: ["a", "b"] } }, value: { a: 1, b: 1 }, says: ["input fits the schema of not"] },
      {
        schema: { dependentRequired: { a: ["b"] } },
        value: { a: 1 },
        says: ['input.b is missing (dependentRequired of "a")'],
      },
      {
        schema: { propertyNames: { maxLength: 1 } },
        value: { ab: 1 },
        says: ["input.ab has a name that is not allowed (propertyNames)"],
      },
      {
        schema: {
          $defs: { node: { properties: { next: { $ref: "#/$defs/node" }, n: { type: "number" } } } },
          $ref: "#/$defs/node",
        },
        value: { next: { next: { n: "1" } } },
        says: ["input.next.next.n must be a number, and is a string"],
      },
      {
        schema: { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
        value: { a: 1, b: 2 },
        says: ["input.b is not allowed here"],
      },
      {
        schema: { prefixItems: [true], contains: { type: "string" }, unevaluatedItems: false },
        value: [1, "a", 2],
        says: ["input[2] is not allowed here"],
      },
      { schema: { format: "date-time" }, value: "not a date", says: [] },
      {
        schema: { if: { type: "string" }, then: { minLength: 3 }, else: { minimum: 3 } },
        value: 2,
        says: ["input must be 3 or more (minimum)"],
      },
      { schema: { "x-of-ours": { type: 7 }, deprecated: true }, value: 1, says: [] },
    ];
  for (const { schema, value, says } of cases) {
    it(`${JSON.stringify(schema)} by ${JSON.stringify(value)}: ${says.length === 0 ? "nothing" : says.join("; ")}`, () => {
      assert.deepEqual(lines(schema, value), says);
    });
  }

  it("is told ten times at most, and shows nothing of what was there", () => {
    const told = lines(
      { additionalProperties: { type: "number" } },
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "a secret"])),
    );
    assert.equal(told.length, 10);
    assert.ok(!told.join().includes("secret"));
  });
});

describe("a schema that cannot be used", () => {
  const nested = (levels: number): JsonObject => (levels === 0 ? {} : { not: nested(levels - 1) });
  const cases: readonly { readonly schema: JsonObject; readonly says: RegExp }[] = [
    { schema: { type: "text" }, says: /^#\/type must be one or several of null/ },
    { schema: { type: [] }, says: /^#\/type must be/ },
    { schema: { properties: [] }, says: /^#\/properties must be an object of schemas/ },
    { schema: { properties: { "a/b~c": 1 } }, says: /^#\/properties\/a~1b~0c must be a schema/ },
    { schema: { allOf: [] }, says: /^#\/allOf must be a list of schemas that is not empty/ },
    { schema: { items: [{}] }, says: /^#\/items must be a schema/ },
    { schema: { required: "a" }, says: /^#\/required must be a list of names/ },
    { schema: { minLength: -1 }, says: /^#\/minLength must be a whole number/ },
    { schema: { minimum: "1" }, says: /^#\/minimum must be a number/ },
    { schema: { multipleOf: 0 }, says: /^#\/multipleOf must be a number greater than 0/ },
    { schema: { uniqueItems: 1 }, says: /^#\/uniqueItems must be true or false/ },
    { schema: { enum: {} }, says: /^#\/enum must be a list/ },
    { schema: { dependentRequired: { a: "b" } }, says: /^#\/dependentRequired must have lists of names/ },
    { schema: { $ref: "https://example.com/schema.json" }, says: /^#\/\$ref must lead into this schema.*not fetched/ },
    { schema: { $ref: "other.json#/a" }, says: /not fetched/ },
    { schema: { $ref: "file:///etc/passwd" }, says: /not fetched/ },
    { schema: { $ref: "#/$defs/missing" }, says: /leads to no schema/ },
    { schema: { enum: [{ $id: "x" }], $ref: "#/enum/0" }, says: /leads to no schema/ },
    { schema: { $ref: "#/%zz" }, says: /leads to no schema/ },
    { schema: { $dynamicRef: "#x" }, says: /^#\/\$dynamicRef is not supported/ },
    { schema: { properties: { a: { $anchor: "x" } } }, says: /\$anchor is not supported/ },
    { schema: { properties: { a: { $id: "x" } } }, says: /\$id can only stand at the root/ },
    { schema: { $schema: "http://json-schema.org/draft-07/schema#" }, says: /2020-12/ },
    { schema: { dependencies: {} }, says: /dependencies is not supported/ },
    { schema: { pattern: "(" }, says: /^#\/pattern "\(" is no regular expression/ },
    { schema: { pattern: "(?=a)b" }, says: /Look-around/ },
    { schema: { pattern: "(a)\\1" }, says: /back-references/ },
    { schema: { patternProperties: { "(?<!a)": true } }, says: /^#\/patternProperties "\(\?<!a\)"/ },
    { schema: { pattern: "a".repeat(501) }, says: /500 are allowed/ },
    { schema: { pattern: "((a{30}){30}){2}" }, says: /regular expression|repeats too much/ },
    {
      schema: { anyOf: Array.from({ length: 20 }, (_, i) => ({ pattern: `[a-z]{${300 + i}}` })) },
      says: /one pattern too many/,
    },
    { schema: nested(40), says: /nested deeper than 32 levels/ },
    { schema: { description: "x".repeat(70_000) }, says: /65536 are allowed/ },
  ];
  for (const { schema, says } of cases) {
    it(`${JSON.stringify(schema).slice(0, 60)}: ${says.source}`, () => {
      assert.throws(
        () => createJsonSchema(schema),
        (error) => error instanceof SchemaFault && says.test(error.message) && error.message.length < 400,
      );
    });
  }
});

describe("a schema that asks for more than there is time", () => {
  const doubling: Record<string, JsonValue> = { a0: { type: "string" } };
  for (let i = 1; i <= 60; i++)
    doubling[`a${i}`] = { allOf: [{ $ref: `#/$defs/a${i - 1}` }, { $ref: `#/$defs/a${i - 1}` }] };
  const twice = {
    $defs: { n: { properties: { n: { allOf: [{ $ref: "#/$defs/n" }, { $ref: "#/$defs/n" }] } } } },
    $ref: "#/$defs/n",
  };
  let deep: JsonValue = {};
  for (let i = 0; i < 90; i++) deep = { n: deep };
  const long = "a".repeat(3_000_000);
  const many = Array.from({ length: 500_000 }, (_, i) => ({ i }));
  const cases: readonly { readonly title: string; readonly schema: JsonObject; readonly value: JsonValue }[] = [
    { title: "a circle", schema: { $ref: "#" }, value: 1 },
    { title: "references that double", schema: { $defs: doubling, $ref: "#/$defs/a60" }, value: "x" },
    { title: "references that double with each level of the value", schema: twice, value: deep },
    { title: "a long list that must have nothing twice", schema: { uniqueItems: true }, value: many },
    { title: "every item of a long list", schema: { items: { properties: { i: { type: "integer" } } } }, value: many },
    {
      title: "a pattern that others go back and forth with, many times",
      schema: { allOf: Array.from({ length: 100 }, () => ({ pattern: "^(a+)+$" })) },
      value: `${long}!`,
    },
    { title: "a long text against a large pattern", schema: { pattern: "^((\\p{L}{9}){9}){9}$" }, value: long },
    {
      title: "a large enum of large values",
      schema: { items: { enum: Array.from({ length: 2_000 }, (_, i) => [i, "x".repeat(10)]) } },
      value: many.map(() => [0, "y"]),
    },
  ];
  for (const { title, schema, value } of cases) {
    it(`is given up: ${title}`, () => {
      const compiled = createJsonSchema(schema);
      const started = performance.now();
      assert.deepEqual(compiled.misfitsOf(value, "input"), [
        { path: "input", rule: "takes too long to be held against the schema. Send less, or make the schema simpler" },
      ]);
      const took = performance.now() - started;
      assert.ok(took < 10_000, `it took ${took} ms`);
    });
  }

  it("is not one whose value is merely large", () => {
    assert.deepEqual(
      createJsonSchema({ type: "object", properties: { list: { type: "array" }, text: { pattern: "^a" } } }).misfitsOf(
        { list: many, text: long.slice(0, 100_000) },
        "input",
      ),
      [],
    );
  });
});

describe("JSON Schema 2020-12", () => {
  // Small, so that schemas and values meet.
  const key = fc.constantFrom("a", "b", "c");
  const scalar = fc.constantFrom<JsonValue[]>(null, true, false, 0, 1, 2, 1.5, "", "a", "ab", "b1");
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3 }),
    ),
  }));
  const count = fc.integer({ min: 0, max: 3 });
  const names = fc.uniqueArray(key, { maxLength: 2 });
  const { schema } = fc.letrec<{ schema: JsonValue }>((tie) => {
    const one = tie("schema");
    const list = fc.array(one, { minLength: 1, maxLength: 2 });
    return {
      schema: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.boolean(),
        fc.constantFrom(
          { type: "string" },
          { type: "integer" },
          { type: ["object", "array"] },
          { $ref: "#/$defs/one" },
          { $ref: "#/$defs/two" },
        ),
        fc
          .record(
            {
              type: fc.constantFrom("null", "boolean", "number", "integer", "string", "array", "object"),
              const: value,
              enum: fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: (each) => JSON.stringify(each) }),
              minimum: count,
              exclusiveMaximum: count,
              multipleOf: fc.constantFrom(1, 2),
              minLength: count,
              maxLength: count,
              pattern: fc.constantFrom("^a", "b$", "[0-9]"),
              properties: fc.dictionary(key, one, { maxKeys: 2 }),
              patternProperties: fc.dictionary(fc.constantFrom("^a", "[bc]"), one, { maxKeys: 1 }),
              additionalProperties: one,
              propertyNames: one,
              required: names,
              minProperties: count,
              maxProperties: count,
              dependentRequired: fc.dictionary(key, names, { maxKeys: 1 }),
              dependentSchemas: fc.dictionary(key, one, { maxKeys: 1 }),
              prefixItems: list,
              items: one,
              contains: one,
              minContains: count,
              maxContains: count,
              minItems: count,
              maxItems: count,
              uniqueItems: fc.boolean(),
              allOf: list,
              anyOf: list,
              oneOf: list,
              not: one,
              if: one,
              then: one,
              else: one,
              unevaluatedItems: one,
              unevaluatedProperties: one,
            },
            { requiredKeys: [], noNullPrototype: true },
          )
          .map((all): JsonObject =>
            Object.fromEntries<JsonValue>(Object.entries(all).filter((_, i, { length }) => length < 5 || i % 5 === 0)),
          ),
      ),
    };
  });

  it("is understood as others understand it", () => {
    let fitting = 0;
    fc.assert(
      fc.property(
        schema,
        schema,
        schema,
        fc.array(value, { minLength: 1, maxLength: 10 }),
        (root, one, two, values) => {
          // No circles: those are for the budget.
          const text = JSON.stringify({ allOf: [root], $defs: { one: withoutRefs(one), two: withoutRefs(two) } });
          const source = JSON.parse(text) as JsonObject;
          const ours = createJsonSchema(source);
          const theirs = new Validator(JSON.parse(text) as Schema, "2020-12");
          for (const each of values) {
            const given = JSON.parse(JSON.stringify(each)) as JsonValue;
            const isRight = theirs.validate(given).valid;
            if (isRight) fitting++;
            assert.equal(ours.misfitsOf(given, "input").length === 0, isRight, JSON.stringify({ source, given }));
          }
        },
      ),
      { numRuns: 1_000 },
    );
    assert.ok(fitting > 500, `only ${fitting} values fitted`);
  });

  function withoutRefs(given: JsonValue): JsonValue {
    return JSON.parse(JSON.stringify(given).replaceAll(/"\$ref":"[^"]*"/g, '"title":"none"')) as JsonValue;
  }
});
