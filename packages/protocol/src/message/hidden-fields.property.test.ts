import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromJson, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  isJsonObject,
  MessageMismatch,
  mergeReply,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@interpose/engine";
import { registry, Vault } from "../../test/things.ts";
import { createHiddenFields } from "./hidden-fields.ts";
import { protobufMessage, unwrap, withHiddenFields } from "./protobuf-message.ts";

// What is hidden is decided here once more, by regular expressions on the paths of a message's whole JSON.

const PROTO_NAMES: Readonly<Record<string, string>> = { apiKey: "api_key", byName: "by_name", madeAt: "made_at" };
const ANY_TYPE = "type.googleapis.com/vault.v1.Vault";

const part = fc.constantFrom(
  "name",
  "api_key",
  "apiKey",
  "inner",
  "items",
  "labels",
  "by_name",
  "byName",
  "data",
  "any",
  "anys",
  "text",
  "vault",
  "texts",
  "a",
  "b",
  "*",
  "**",
);
const paths = fc.array(
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(".")),
  { maxLength: 4 },
);

/** A text that no other is part of. */
const leaf = fc.nat({ max: 1_000_000 }).map((n) => `<${n}>`);
const key = fc.constantFrom("a", "b", "name");
const dynamic: fc.Arbitrary<JsonValue> = fc.oneof(
  leaf,
  fc.dictionary(key, leaf, { maxKeys: 2 }),
  fc.array(fc.dictionary(key, fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })), { maxKeys: 2 }), { maxLength: 3 }),
);

/** A vault's JSON in proto names, as deep as is said. */
function vaultOf(depth: number): fc.Arbitrary<JsonObject> {
  const below =
    depth === 0 ? fc.record({ name: leaf, api_key: leaf, marked: leaf }, { requiredKeys: [] }) : vaultOf(depth - 1);
  const any = below.map((held) => ({ "@type": ANY_TYPE, ...held }));
  const fields = {
    name: leaf,
    api_key: leaf,
    marked: leaf,
    inner: below,
    items: fc.array(below, { maxLength: 3 }),
    labels: fc.dictionary(key, leaf, { maxKeys: 2 }),
    by_name: fc.dictionary(key, below, { maxKeys: 2 }),
    data: fc.dictionary(key, dynamic, { maxKeys: 2 }),
    any,
    anys: fc.array(any, { maxLength: 2 }),
    choice: fc.oneof(fc.record({ text: leaf }), fc.record({ vault: below })),
    texts: fc.array(leaf, { maxLength: 2 }),
  };
  return fc.record(fields, { requiredKeys: [] }).map(({ choice, ...rest }) => ({ ...rest, ...choice }));
}

/** With texts that are told apart. */
const vault = vaultOf(1).map(numbered);

/** Gives each text a number of its own. */
function numbered(json: JsonObject): JsonObject {
  let next = 0;
  const each = (value: JsonValue, name: string): JsonValue => {
    if (typeof value === "string") return name === "@type" ? value : `<${next++}>`;
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => each(item, name));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, each(item, inner)]));
  };
  return each(json, "") as JsonObject;
}

interface Leaf {
  /** Names with dots between; lists have none. */
  readonly path: string;
  readonly text: string;
}

function leavesOf(json: JsonValue, path: readonly string[] = []): readonly Leaf[] {
  if (typeof json === "string") return path.at(-1) === "@type" ? [] : [{ path: path.join("."), text: json }];
  if (Array.isArray(json)) return (json as readonly JsonValue[]).flatMap((item) => leavesOf(item, path));
  if (!isJsonObject(json)) return [];
  return Object.entries(json).flatMap(([name, value]) => leavesOf(value, [...path, name]));
}

function hiddenBy(given: readonly string[]): (leaf: Leaf) => boolean {
  const patterns = given.map((path) => {
    const parts = path.split(".").map((each) => {
      if (each === "**") return "(?:[^.]+\\.)*";
      return each === "*" ? "[^.]+\\." : `${PROTO_NAMES[each] ?? each}\\.`;
    });
    return new RegExp(`^${parts.join("")}`);
  });
  // The field of a vault, and no key of that name.
  patterns.push(/^((inner|items|by_name\.[^.]+|any|anys|vault)\.)*marked\./);
  // With a dot behind each name, what lies below a hidden path begins with a match too. A path of "**" alone begins everything.
  return ({ path }) => patterns.some((pattern) => pattern.test(`${path}.`));
}

const wholeJson = (message: Message): JsonObject =>
  toJson(Vault, unwrap(message) as never, { useProtoFieldName: true, registry }) as JsonObject;
const hiddenTexts = (message: Message, isHidden: (leaf: Leaf) => boolean): readonly string[] =>
  leavesOf(wholeJson(message))
    .filter(isHidden)
    .map(({ text }) => text)
    .sort();

function messageOf(json: JsonObject, given: readonly string[]): Message {
  const value = fromJson(Vault, json as never, { registry });
  return withHiddenFields(protobufMessage(Vault, value, registry), createHiddenFields(given));
}

/** Changes of any kind at any place: of what is shown, of what is hidden, and of what was not there. */
const change = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("text", "null", "remove", "vault", "reverse", "duplicate", "any"),
  name: fc.constantFrom(
    "name",
    "api_key",
    "apiKey",
    "inner",
    "items",
    "labels",
    "by_name",
    "data",
    "any",
    "text",
    "vault",
    "marked",
    "a",
  ),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(json: JsonObject, changes: readonly Change[]): JsonObject {
  let evil = 0;
  const copy = structuredClone(json) as Record<string, JsonValue>;
  for (const { at, kind, name } of changes) {
    const objects: { readonly object: Record<string, JsonValue>; readonly isVault: boolean }[] = [];
    const collect = (value: JsonValue, isVault: boolean): void => {
      if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) collect(item, isVault);
      if (!isJsonObject(value)) return;
      objects.push({ object: value, isVault });
      for (const [inner, item] of Object.entries(value))
        collect(item, isVault ? !["labels", "data", "by_name"].includes(inner) : value === copy.by_name);
    };
    collect(copy, true);
    const { object: place, isVault } = objects[at % objects.length] ?? { object: copy, isVault: true };
    // Where keys are any, only the very spelling of the path means one.
    const isFree = !isVault || name === "labels" || name === "data";
    if (isFree && (/_|Key/.test(name) || kind === "vault" || kind === "any")) continue;
    const before = place[name];
    if (kind === "text") place[name] = `<evil ${evil++}>`;
    else if (kind === "null") place[name] = null;
    else if (kind === "remove") Reflect.deleteProperty(place, name);
    else if (kind === "vault") place[name] = { name: `<evil ${evil++}>`, api_key: `<evil ${evil++}>` };
    else if (kind === "any") place[name] = { "@type": ANY_TYPE, api_key: `<evil ${evil++}>` };
    else if (Array.isArray(before)) {
      const items = before as readonly JsonValue[];
      place[name] = kind === "reverse" ? [...items].reverse() : [...items, ...items];
    }
  }
  return copy;
}

describe("hidden fields", () => {
  it("are in the JSON of no spelling, and nothing else is missing", () => {
    fc.assert(
      fc.property(vault, paths, fc.constantFrom("proto" as const, "camel" as const), (json, given, spelling) => {
        const isHidden = hiddenBy(given);
        const text = JSON.stringify(messageOf(json, given).json(spelling));
        for (const each of leavesOf(json))
          assert.equal(text.includes(each.text), !isHidden(each), `${each.path} by ${given.join(" ")}`);
      }),
      { numRuns: 300 },
    );
  });

  it("come back the same from the JSON that was shown", () => {
    fc.assert(
      fc.property(vault, paths, fc.constantFrom("proto" as const, "camel" as const), (json, given, spelling) => {
        const message = messageOf(json, given);
        const after = message.replacedBy(message.json(spelling), "refuse");
        assert.deepEqual(wholeJson(after), wholeJson(message));
      }),
      { numRuns: 200 },
    );
  });

  for (const [way, apply] of Object.entries({
    replaces: (message: Message, reply: JsonObject) => message.replacedBy(reply, "ignore"),
    "is merged": (message: Message, reply: JsonObject) =>
      message.replacedBy(mergeReply(message.json("proto"), reply, message.shape, "proto"), "ignore"),
  })) {
    it(`are what they were after a reply that ${way}, whatever it says, or it does not fit`, () => {
      let fitted = 0;
      fc.assert(
        fc.property(vault, paths, fc.array(change, { minLength: 1, maxLength: 4 }), (json, given, changes) => {
          const message = messageOf(json, given);
          const isHidden = hiddenBy(given);
          const before = hiddenTexts(message, isHidden);
          let after: Message;
          try {
            after = apply(message, changed(message.json("proto"), changes));
          } catch (error) {
            assert.ok(error instanceof MessageMismatch, String(error));
            assert.ok(!leavesOf(json).some(({ text }) => error.message.includes(text)));
            return;
          }
          fitted++;
          assert.deepEqual(hiddenTexts(after, isHidden), before);
        }),
        { numRuns: 500 },
      );
      assert.ok(fitted > 50, `most replies should fit; ${fitted} did`);
    });
  }

  it("leave everything else to replies", () => {
    let checked = 0;
    fc.assert(
      fc.property(vault, paths, fc.nat(), (json, given, which) => {
        const message = messageOf(json, given);
        const shown = JSON.stringify(message.json("proto"));
        const visible = leavesOf(message.json("proto"));
        const one = visible[which % Math.max(visible.length, 1)];
        if (!one) return;
        checked++;
        const after = message.replacedBy(JSON.parse(shown.replace(`"${one.text}"`, '"<new>"')) as JsonObject, "refuse");
        const expected = JSON.parse(
          JSON.stringify(wholeJson(message)).replace(`"${one.text}"`, '"<new>"'),
        ) as JsonObject;
        assert.deepEqual(wholeJson(after), expected);
      }),
      { numRuns: 300 },
    );
    assert.ok(checked > 50);
  });
});
