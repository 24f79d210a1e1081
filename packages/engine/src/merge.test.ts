import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { shapeOf, type TypeOf } from "../test/json-message.ts";
import type { JsonObject } from "./json.ts";
import { MAX_MERGE_DEPTH, mergeReply } from "./merge.ts";

const INNER: TypeOf = { deep_name: { holds: "text" }, other: { holds: "text" } };
const TYPE: TypeOf = {
  name: { holds: "text" },
  user_id: { holds: "text" },
  tags: { holds: "list" },
  labels: { holds: "map" },
  inner: { holds: INNER },
  by_name: { holds: "text", oneof: "by" },
  by_inner: { holds: INNER, oneof: "by" },
};
const SHAPE = shapeOf(TYPE);

describe("mergeReply()", () => {
  const cases: readonly { name: string; base: JsonObject; reply: JsonObject; gives: JsonObject }[] = [
    {
      name: "overwrites what the reply names",
      base: { name: "a", user_id: "1" },
      reply: { name: "b" },
      gives: { name: "b", user_id: "1" },
    },
    { name: "sees both spellings", base: { user_id: "1" }, reply: { userId: "2" }, gives: { user_id: "2" } },
    {
      name: "sees another case where no field has the very name",
      base: {},
      reply: { USER_ID: "2", NAME: "x" },
      gives: { user_id: "2", name: "x" },
    },
    {
      name: "ignores what it does not know",
      base: { name: "a" },
      reply: { nope: 1, __proto__x: 2 },
      gives: { name: "a" },
    },
    {
      name: "merges messages deeply",
      base: { inner: { deep_name: "a", other: "b" } },
      reply: { inner: { deepName: "c" } },
      gives: { inner: { deep_name: "c", other: "b" } },
    },
    { name: "replaces lists", base: { tags: ["a", "b"] }, reply: { tags: ["c"] }, gives: { tags: ["c"] } },
    {
      name: "merges maps by key",
      base: { labels: { a: "1", b: "2" } },
      reply: { labels: { b: "3" } },
      gives: { labels: { a: "1", b: "3" } },
    },
    {
      name: "clears by null",
      base: { name: "a", inner: { other: "b" } },
      reply: { name: null, inner: null },
      gives: {},
    },
    {
      name: "takes a key out of a map by null, and no other one",
      base: { labels: { a: "1", b: "2" } },
      reply: { labels: { b: null, c: null } },
      gives: { labels: { a: "1" } },
    },
    {
      name: "clears the other members of a oneof",
      base: { by_name: "a" },
      reply: { byInner: { other: "b" } },
      gives: { by_inner: { other: "b" } },
    },
    {
      name: "makes a message where there was none",
      base: {},
      reply: { inner: { other: "b" } },
      gives: { inner: { other: "b" } },
    },
    {
      name: "hands on what does not fit, for the message to refuse",
      base: { inner: { other: "b" } },
      reply: { inner: "text" },
      gives: { inner: "text" },
    },
  ];
  for (const { name, base, reply, gives } of cases) {
    it(name, () => {
      const before = JSON.stringify(base);
      assert.deepEqual(mergeReply(base, reply, SHAPE, "proto"), gives);
      assert.equal(JSON.stringify(base), before, "the base stays as it was");
    });
  }

  it("spells the result as it is asked to", () => {
    assert.deepEqual(mergeReply({ userId: "1" }, { user_id: "2" }, SHAPE, "camel"), { userId: "2" });
  });

  it("keeps what it does not know for the message to refuse, names in another case among it, where it is told to", () => {
    const reply = { nope: 1, NAME: "x", userId: "2", inner: { other: "c", nope: null } };
    const expected = { name: "a", nope: 1, NAME: "x", userId: "2", inner: { other: "c", nope: null } };
    assert.deepEqual(mergeReply({ name: "a", userId: "1" }, reply, SHAPE, "camel", "keep"), expected);
  });

  it("takes __proto__ for a key like any other", () => {
    const reply = JSON.parse('{"labels": {"__proto__": "x"}, "__proto__": {"polluted": true}}') as JsonObject;
    const merged = mergeReply({ labels: { a: "1" } }, reply, SHAPE, "proto");
    assert.deepEqual(Object.keys(merged.labels as JsonObject), ["a", "__proto__"]);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it("refuses a reply that is nested too deep", () => {
    const recursive: { field(key: string): unknown } = {
      field: (key) =>
        key === "in" ? { protoName: "in", jsonName: "in", kind: "message", shape: recursive, siblings: [] } : undefined,
    };
    let reply: JsonObject = {};
    for (let i = 0; i <= MAX_MERGE_DEPTH + 1; i++) reply = { in: reply };
    assert.throws(() => mergeReply({}, reply, recursive as typeof SHAPE, "proto"), RangeError);
  });

  const text = fc.string({ maxLength: 3 });
  const inner = fc.record({ deep_name: text, other: text }, { requiredKeys: [] });
  // Through text, since generated objects have no prototype, as those of JSON do.
  const message = fc
    .record(
      {
        name: text,
        user_id: text,
        tags: fc.array(text, { maxLength: 3 }),
        labels: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), text),
        inner,
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

  it("changes nothing by an empty reply, and nothing more by the same reply again", () => {
    fc.assert(
      fc.property(message, message, (base, reply) => {
        assert.deepEqual(mergeReply(base, {}, SHAPE, "proto"), base);
        const once = mergeReply(base, reply, SHAPE, "proto");
        assert.deepEqual(mergeReply(once, reply, SHAPE, "proto"), once);
      }),
    );
  });

  it("agrees with setting field by field", () => {
    fc.assert(
      fc.property(message, message, (base, reply) => {
        const expected: Record<string, unknown> = { ...base };
        for (const key of ["name", "user_id", "tags"]) if (Object.hasOwn(reply, key)) expected[key] = reply[key];
        for (const key of ["inner", "labels"]) {
          if (!Object.hasOwn(reply, key)) continue;
          const entries = [
            ...Object.entries((base[key] as JsonObject | undefined) ?? {}),
            ...Object.entries(reply[key] as JsonObject),
          ];
          expected[key] = Object.fromEntries(entries);
        }
        assert.deepEqual(mergeReply(base, reply, SHAPE, "proto"), expected);
      }),
    );
  });
});
