import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromJson, toBinary, toJson, type DescMessage } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { MessageMismatch, type JsonObject, type Message } from "@interpose/engine";
import { registry, Thing, Vault } from "../../test/things.ts";
import { createHiddenFields, pathLeadsInto } from "./hidden-fields.ts";
import { protobufMessage, unwrap, withHiddenFields } from "./protobuf-message.ts";

const ANY = "type.googleapis.com/vault.v1.Vault";

function hiding(paths: readonly string[], json: JsonObject, schema: DescMessage = Vault): Message {
  const value = fromJson(schema, json as never, { registry });
  return withHiddenFields(protobufMessage(schema, value, registry), createHiddenFields(paths));
}

function wholeJson(message: Message, schema: DescMessage = Vault): JsonObject {
  return toJson(schema, unwrap(message) as never, { useProtoFieldName: true, registry }) as JsonObject;
}

describe("recordable()", () => {
  const reply = {
    NAME: "a",
    Api_Key: "b",
    apikey: "c",
    MARKED: "d",
    inner: { Marked: "e", Name: "f" },
    ITEMS: [{ API_KEY: "g" }],
    by_name: { A: { MARKED: "h", name: "i" } },
    labels: { MARKED: "j" },
    any: { "@type": ANY, MARKED: "k", NAME: "l" },
    MARKEDLY: "m",
  };

  it("leaves out what is hidden in any case of its name, at any depth, and nothing else", () => {
    const shown = hiding(["**.api_key"], {}).recordable(JSON.stringify(reply)) ?? "";
    assert.deepEqual(JSON.parse(shown), {
      NAME: "a",
      inner: { Name: "f" },
      ITEMS: [{}],
      by_name: { A: { name: "i" } },
      labels: { MARKED: "j" },
      any: { "@type": ANY, NAME: "l" },
      MARKEDLY: "m",
    });
  });

  it("keeps no text in which nothing could be found", () => {
    for (const text of ["MARKED: d", '"marked"', "[]", '{"marked":'])
      assert.equal(hiding([], {}).recordable(text), undefined);
  });
});

describe("withHiddenFields()", () => {
  it("answers the message itself where nothing of its type can be hidden", () => {
    const empty = protobufMessage(StructSchema, create(StructSchema));
    assert.equal(withHiddenFields(empty, createHiddenFields([])), empty);
    const message = protobufMessage(Vault, create(Vault), registry);
    assert.notEqual(withHiddenFields(message, createHiddenFields(["name"])), message);
    const same = createHiddenFields(["name"]);
    const hidden = withHiddenFields(message, same);
    assert.equal(withHiddenFields(hidden, same), hidden);
  });

  it("hides what the last ones say, and not what others said before", () => {
    const message = hiding(["name"], { name: "a", api_key: "b" });
    assert.deepEqual(withHiddenFields(message, createHiddenFields(["apiKey"])).json("proto"), { name: "a" });
  });

  const shown: readonly {
    name: string;
    paths: readonly string[];
    json: JsonObject;
    shows: JsonObject;
    schema?: DescMessage;
  }[] = [
    { name: "a field by its JSON name", paths: ["apiKey"], json: { name: "a", api_key: "b" }, shows: { name: "a" } },
    {
      name: "a time, of which a part is meant, whole",
      paths: ["made_at.seconds"],
      json: { made_at: "2024-01-01T00:00:00Z" },
      shows: {},
    },
    { name: "every part of a time", paths: ["madeAt.*"], json: { made_at: "2024-01-01T00:00:00Z" }, shows: {} },
    {
      name: "no time by a name that it has not",
      paths: ["made_at.hours"],
      json: { made_at: "2024-01-01T00:00:00Z" },
      shows: { made_at: "2024-01-01T00:00:00Z" },
    },
    {
      name: "entries of a map by key, and the map with its last",
      paths: ["labels.a", "by_name.*.name"],
      json: { labels: { a: "1" }, by_name: { x: { name: "n", api_key: "k" } } },
      shows: { by_name: { x: { api_key: "k" } } },
    },
    {
      name: "keys of a struct, through its lists",
      paths: ["data.users.password"],
      json: { data: { users: [{ password: "p", id: 1 }, 5, [{ password: "q" }]] } },
      shows: { data: { users: [{ id: 1 }, 5, [{}]] } },
    },
    {
      name: "all of an Any but its type",
      paths: ["any.*"],
      json: { any: { "@type": ANY, name: "a", labels: { b: "c" } } },
      shows: { any: { "@type": ANY } },
    },
    {
      name: "what is marked, within an Any too",
      paths: [],
      json: { any: { "@type": ANY, name: "a", marked: "m" } },
      shows: { any: { "@type": ANY, name: "a" } },
    },
    {
      name: "within an Any within an Any",
      paths: ["any.any.name"],
      json: { any: { "@type": ANY, name: "a", any: { "@type": ANY, name: "b" } } },
      shows: { any: { "@type": ANY, name: "a", any: { "@type": ANY } } },
    },
    {
      name: "the value of a well-known type in an Any",
      paths: ["anys.value.secret", "any.value"],
      json: {
        anys: [{ "@type": "type.googleapis.com/google.protobuf.Struct", value: { secret: 1, open: 2 } }],
        any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" },
      },
      shows: {
        anys: [{ "@type": "type.googleapis.com/google.protobuf.Struct", value: { open: 2 } }],
        any: { "@type": "type.googleapis.com/google.protobuf.Duration" },
      },
    },
    {
      name: "wrapped values by their name",
      paths: ["maybe.value"],
      json: { maybe: "5", name: "a" },
      shows: { name: "a" },
      schema: Thing,
    },
    { name: "everything", paths: ["**"], json: { name: "a", items: [{ name: "b" }], labels: { a: "b" } }, shows: {} },
  ];
  for (const { name, paths, json, shows, schema } of shown)
    it(`hides ${name}`, () => assert.deepEqual(hiding(paths, json, schema).json("proto"), shows));

  it("hides keys of a message that is a struct itself", () => {
    const message = hiding(["user.password"], { user: { password: "p", name: "n" } }, StructSchema);
    assert.deepEqual(message.json("camel"), { user: { name: "n" } });
    const after = message.replacedBy({ user: { name: "m", password: "mine" } }, "refuse");
    assert.deepEqual(wholeJson(after, StructSchema), { user: { name: "m", password: "p" } });
  });

  const kept: readonly {
    name: string;
    paths: readonly string[];
    json: JsonObject;
    reply: JsonObject;
    becomes: JsonObject;
  }[] = [
    {
      name: "a nested message that is taken out comes back with what is hidden of it",
      paths: ["inner.api_key"],
      json: { name: "a", inner: { name: "n", api_key: "k" } },
      reply: {},
      becomes: { inner: { api_key: "k" } },
    },
    {
      name: "a nested message without hidden values goes",
      paths: ["inner.api_key"],
      json: { inner: { name: "n" } },
      reply: {},
      becomes: {},
    },
    {
      name: "a hidden member of a oneof stays against another",
      paths: ["text"],
      json: { text: "t" },
      reply: { vault: { name: "mine" } },
      becomes: { text: "t" },
    },
    {
      name: "a member that holds something hidden stays against another",
      paths: ["vault.api_key"],
      json: { vault: { name: "n", api_key: "k" } },
      reply: { text: "mine" },
      becomes: { vault: { api_key: "k" } },
    },
    {
      name: "a member is free where the hidden one is not set",
      paths: ["text"],
      json: {},
      reply: { vault: { name: "mine" }, name: "a" },
      becomes: { name: "a", vault: { name: "mine" } },
    },
    {
      name: "an entry that is taken out comes back with what is hidden of it",
      paths: ["by_name.*.api_key"],
      json: { by_name: { x: { name: "n", api_key: "k" }, y: { name: "o" } } },
      reply: { by_name: { z: { name: "p", api_key: "mine" } } },
      becomes: { by_name: { z: { name: "p" }, x: { api_key: "k" } } },
    },
    {
      name: "keys that are hidden cannot be added",
      paths: ["labels.a"],
      json: { labels: { b: "1" } },
      reply: { labels: { a: "mine", c: "2" } },
      becomes: { labels: { c: "2" } },
    },
    {
      name: "items move with what is hidden of them",
      paths: ["items.api_key"],
      json: {
        items: [
          { name: "a", api_key: "1" },
          { name: "b", api_key: "2" },
        ],
      },
      reply: { items: [{ name: "new", api_key: "mine" }, { name: "b" }, { name: "a" }] },
      becomes: { items: [{ name: "new" }, { name: "b", api_key: "2" }, { name: "a", api_key: "1" }] },
    },
    {
      name: "items are changed in their place",
      paths: ["items.api_key"],
      json: {
        items: [
          { name: "a", api_key: "1" },
          { name: "b", api_key: "2" },
        ],
      },
      reply: { items: [{ name: "a" }, { name: "c" }] },
      becomes: {
        items: [
          { name: "a", api_key: "1" },
          { name: "c", api_key: "2" },
        ],
      },
    },
    {
      name: "items that look alike keep their places",
      paths: ["items.api_key"],
      json: {
        items: [
          { name: "a", api_key: "1" },
          { name: "a", api_key: "2" },
        ],
      },
      reply: { items: [{ name: "a" }, { name: "a" }] },
      becomes: {
        items: [
          { name: "a", api_key: "1" },
          { name: "a", api_key: "2" },
        ],
      },
    },
    {
      name: "items without hidden values can be taken out",
      paths: ["items.api_key"],
      json: { items: [{ name: "a" }, { name: "b", api_key: "2" }, { name: "c" }] },
      reply: { items: [{ name: "b" }] },
      becomes: { items: [{ name: "b", api_key: "2" }] },
    },
    {
      name: "items of a struct move too",
      paths: ["data.users.key"],
      json: {
        data: {
          users: [
            { id: "a", key: 1 },
            { id: "b", key: 2 },
          ],
        },
      },
      reply: { data: { users: [{ id: "b" }, { id: "a" }], more: true } },
      becomes: {
        data: {
          users: [
            { id: "b", key: 2 },
            { id: "a", key: 1 },
          ],
          more: true,
        },
      },
    },
    {
      name: "a struct's hidden key is neither set nor cleared",
      paths: ["data.user.key"],
      json: { data: { user: { key: 1 }, rest: 1 } },
      reply: { data: { user: null } },
      becomes: { data: { user: { key: 1 } } },
    },
    {
      name: "an Any keeps what is hidden in it",
      paths: ["any.api_key"],
      json: { any: { "@type": ANY, name: "a", api_key: "k" } },
      reply: { any: { "@type": ANY, name: "b", api_key: "mine" } },
      becomes: { any: { "@type": ANY, name: "b", api_key: "k" } },
    },
    {
      name: "an Any that is taken out comes back",
      paths: ["any.api_key"],
      json: { any: { "@type": ANY, name: "a", api_key: "k" } },
      reply: {},
      becomes: { any: { "@type": ANY, api_key: "k" } },
    },
    {
      name: "a hidden value in an Any cannot be set beside it",
      paths: ["any.value.a"],
      json: { any: { "@type": "type.googleapis.com/google.protobuf.Struct", value: { b: 1 } } },
      reply: { any: { "@type": "type.googleapis.com/google.protobuf.Struct", a: "mine" } },
      becomes: { any: { "@type": "type.googleapis.com/google.protobuf.Struct", value: {} } },
    },
    {
      name: "a well-known type in an Any stays whole",
      paths: ["any.value"],
      json: { any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" } },
      reply: { any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "9s" } },
      becomes: { any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" } },
    },
  ];
  for (const { name, paths, json, reply, becomes } of kept)
    it(`keeps: ${name}`, () => assert.deepEqual(wholeJson(hiding(paths, json).replacedBy(reply, "ignore")), becomes));

  const refused: readonly {
    name: string;
    paths: readonly string[];
    json: JsonObject;
    reply: JsonObject;
    says: RegExp;
  }[] = [
    {
      name: "takes out an item with something hidden",
      paths: ["items.api_key"],
      json: { items: [{ name: "a", api_key: "1" }, { name: "b" }] },
      reply: { items: [{ name: "b" }] },
      says: /^items: expected every item in which fields are hidden/,
    },
    {
      name: "moves such an item and changes it at once",
      paths: ["inner.items.api_key"],
      json: {
        inner: {
          items: [
            { name: "a", api_key: "1" },
            { name: "b", api_key: "2" },
          ],
        },
      },
      reply: { inner: { items: [{ name: "b" }, { name: "changed" }] } },
      says: /^inner\.items: expected/,
    },
    {
      name: "takes the list out",
      paths: ["items.api_key"],
      json: { items: [{ api_key: "1" }] },
      reply: {},
      says: /^items: expected/,
    },
    {
      name: "makes something else of an object",
      paths: ["data.user.key"],
      json: { data: { user: { key: 1 } } },
      reply: { data: { user: "mine" } },
      says: /^data: expected an object/,
    },
    {
      name: "makes another type of an Any",
      paths: ["any.api_key"],
      json: { any: { "@type": ANY, api_key: "k" } },
      reply: { any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" } },
      says: /^any: expected a vault\.v1\.Vault/,
    },
  ];
  for (const { name, paths, json, reply, says } of refused) {
    it(`refuses a reply that ${name}`, () => {
      const message = hiding(paths, json);
      assert.throws(
        () => message.replacedBy(reply, "ignore"),
        (error) => error instanceof MessageMismatch && says.test(error.message),
      );
    });
  }

  it("keeps the unknown fields of what is hidden", () => {
    const value = fromJson(Vault, { inner: { api_key: "k" } }, { registry }) as any;
    value.inner.$unknown = [{ no: 999, wireType: 0, data: new Uint8Array([5]) }];
    const message = withHiddenFields(protobufMessage(Vault, value, registry), createHiddenFields(["inner"]));
    const after = unwrap(message.replacedBy({ inner: { name: "mine" } }, "refuse"));
    assert.deepEqual(toBinary(Vault, after as never), toBinary(Vault, value));
  });

  it("is not made slow by a list of many items", () => {
    const items = Array.from({ length: 5_000 }, (_, i) => ({ name: `n${i}`, api_key: `k${i}` }));
    const message = hiding(["items.api_key"], { items });
    const started = performance.now();
    const after = message.replacedBy({ items: items.map(({ name }) => ({ name })).reverse() }, "refuse");
    assert.deepEqual(wholeJson(after).items, [...items].reverse());
    assert.ok(performance.now() - started < 5_000);
  });
});

describe("pathLeadsInto()", () => {
  const cases: readonly (readonly [path: string, schema: DescMessage, leads: boolean])[] = [
    ["name", Vault, true],
    ["apiKey", Vault, true],
    ["items.items.name", Vault, true],
    ["nam", Vault, false],
    ["items.nam", Vault, false],
    ["name.first", Vault, false],
    ["labels.any.thing", Vault, true],
    ["data.any.thing", Vault, true],
    ["any.some.thing", Vault, true],
    ["**.nowhere", Vault, true],
    ["made_at.seconds", Vault, true],
    ["made_at.hours", Vault, false],
    ["*.label", Thing, true],
    ["*.nowhere", Thing, true],
    ["inner.*.nowhere", Thing, false],
    ["**", Thing, true],
  ];
  for (const [path, schema, leads] of cases)
    it(`says that ${path} ${leads ? "can mean" : "means"} ${leads ? "a field" : "no field"} of ${schema.typeName}`, () =>
      assert.equal(pathLeadsInto(path, schema), leads));
});
