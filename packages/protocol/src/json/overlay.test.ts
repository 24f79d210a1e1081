import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromJson, toJson, type DescMessage, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";
import { anyThing } from "../../test/arbitrary-things.ts";
import { registry, Thing } from "../../test/things.ts";
import { parseExact } from "./exact.ts";
import { overlay, spellingOf } from "./overlay.ts";

const read = (text: string): Message => fromJson(Thing, JSON.parse(text), { registry, ignoreUnknownFields: true });

/** Writes the change from the original to `after` onto the original. */
function changed(text: string, after: Message): string {
  const given = parseExact(text);
  const spelling = spellingOf(Thing, given);
  const [was, is] = [read(text), after].map(
    (each) => toJson(Thing, each, { registry, useProtoFieldName: spelling === "proto" }) as JsonValue,
  );
  return JSON.stringify(overlay(Thing, given, was ?? null, is ?? null, spelling));
}

describe("overlay()", () => {
  const cases: readonly { name: string; original: string; after: string; gives: string }[] = [
    {
      name: "leaves all where nothing changed",
      original: '{"new":1.0,"number":1e2,"int64":5,"color":1,"flag":false,"text":null}',
      after: '{"number":100,"int64":5,"color":1}',
      gives: '{"new":1.0,"number":1e2,"int64":5,"color":1,"flag":false,"text":null}',
    },
    {
      name: "keeps numbers and enums as they were written",
      original: '{"int_64":9007199254740993,"color":1,"colors":[1,1],"number":1.0}',
      after: '{"int64":"9007199254740995","color":"COLOR_UNSPECIFIED","colors":[1,1,1],"number":2}',
      gives: '{"int_64":9007199254740995,"colors":[1,1,1],"number":2}',
    },
    {
      name: "writes what is new in the spelling of the rest",
      original: '{"int_64":"5"}',
      after: '{"int64":5,"uint64":"6","byNumber":{"1":{"count":2}}}',
      gives: '{"int_64":"5","uint_64":"6","by_number":{"1":{"count":2}}}',
    },
    {
      name: "goes into messages",
      original: '{"inner":{"new":{"a":1.0},"label":"a","deeper":{"new":[1.50],"count":1}}}',
      after: '{"inner":{"label":"b","deeper":{"count":1}}}',
      gives: '{"inner":{"new":{"a":1.0},"label":"b","deeper":{"new":[1.50],"count":1}}}',
    },
    {
      name: "takes out what was taken out",
      original: '{"inner":{"new":1,"label":"a"},"text":"t","name":"n"}',
      after: '{"text":"t","inner":{}}',
      gives: '{"inner":{"new":1},"text":"t"}',
    },
    {
      name: "takes another member of a oneof",
      original: '{"one":"a","new":1}',
      after: '{"other":{"label":"o"}}',
      gives: '{"new":1,"other":{"label":"o"}}',
    },
    {
      name: "keeps the items of a list that are still there",
      original: '{"inners":[{"label":"a","new":1},{"label":"b","new":2},{"label":"c","new":3}]}',
      after: '{"inners":[{"label":"c"},{"label":"b"},{"label":"x"},{"label":"a"}]}',
      gives: '{"inners":[{"label":"c","new":3},{"label":"b","new":2},{"label":"x"},{"label":"a","new":1}]}',
    },
    {
      name: "goes into the entries of a map",
      original: '{"byNumber":{"1":{"label":"a","new":1},"2":{"label":"b"}}}',
      after: '{"byNumber":{"1":{"label":"c"},"3":{}}}',
      gives: '{"byNumber":{"1":{"label":"c","new":1},"3":{}}}',
    },
    {
      name: "goes into structures",
      original: '{"anything":{"a":{"b":1.0,"c":2.0},"d":1.50}}',
      after: '{"anything":{"a":{"b":1,"c":3},"d":1.5}}',
      gives: '{"anything":{"a":{"b":1.0,"c":3},"d":1.50}}',
    },
    {
      name: "takes keys that objects have already for what they are",
      original: '{"anything":{"__proto__":{"a":1.0},"constructor":1.0}}',
      after: '{"anything":{"__proto__":{"a":1},"constructor":2}}',
      gives: '{"anything":{"__proto__":{"a":1.0},"constructor":2}}',
    },
    { name: "replaces null", original: '{"text":null}', after: '{"text":"a"}', gives: '{"text":"a"}' },
  ];
  for (const { name, original, after, gives } of cases)
    it(name, () => assert.equal(changed(original, read(after)), gives));

  it("gives the changed message, with all that it knows nothing of, whatever changed", () => {
    fc.assert(
      fc.property(anyThing, anyThing, fc.boolean(), (before, after, useProtoFieldName) => {
        const noted = withUnknown(Thing, toJson(Thing, before, { registry, useProtoFieldName }));
        const text = changed(JSON.stringify(noted), after);
        assert.deepEqual(toJson(Thing, read(text), { registry }), toJson(Thing, after, { registry }), text);
        assert.match(text, /"new-here":1/);
        const inner = (message: Message): boolean => (message as never as { inner?: object }).inner !== undefined;
        if (inner(before) && inner(after))
          assert.equal(((JSON.parse(text) as JsonObject).inner as JsonObject)["new-here"], 1);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The JSON with a field that nobody knows in each message. */
function withUnknown(message: DescMessage, json: JsonValue): JsonValue {
  if (!isJsonObject(json) || message.typeName.startsWith("google.protobuf.")) return json;
  const entries = Object.entries(json).map(([key, value]) => {
    const inner = message.fields.find(({ name, jsonName }) => key === name || key === jsonName);
    return [key, inner?.fieldKind === "message" ? withUnknown(inner.message, value) : value] as const;
  });
  return Object.fromEntries([["new-here", 1], ...entries]);
}
