import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHpackDecoder } from "./index.ts";
import { block, decode, refusal } from "./test/blocks.ts";

const newDecoder = (maxListSize = 1000) => createHpackDecoder({ maxTableSize: 4096, maxListSize });

describe("the decoder recognizes blocks that come again", () => {
  const add = (name: string) => block("40", { text: name }, { text: "1" });

  it("and answers the same list, which whoever gets it can recognize", () => {
    const decoder = newDecoder();
    const bytes = block("82 86 04", { text: "/a.b/C" });
    const lists = [1, 2, 3, 4].map(() => decode(decoder, bytes));
    for (const { fields } of lists) assert.deepEqual(fields, [":method", "GET", ":scheme", "http", ":path", "/a.b/C"]);
    assert.equal(lists[3], lists[2]);
  });

  const changes = [
    { title: "a field is added", bytes: add("b"), after: ["b", "1"] },
    {
      title: "a field is added by a list that is too large",
      bytes: Buffer.concat([add("b"), Buffer.alloc(50, 0xbe)]),
      after: ["b", "1"],
    },
    {
      title: "the table was emptied, and a field added",
      bytes: Buffer.concat([block("20 3f e1 1f"), add("c")]),
      after: ["c", "1"],
    },
  ];
  for (const { title, bytes, after } of changes) {
    it(`but not for longer than they mean the same: ${title}`, () => {
      const decoder = newDecoder(200);
      decode(decoder, add("a"));
      for (let i = 0; i < 4; i++) assert.deepEqual(decode(decoder, block("be")).fields, ["a", "1"]);
      if (bytes.byteLength > 50) assert.equal(refusal(decoder, bytes).kind, "list_too_large");
      else decode(decoder, bytes);
      for (let i = 0; i < 4; i++) assert.deepEqual(decode(decoder, block("be")).fields, after);
    });
  }

  it("but refuses them when the table has gone that they refer to", () => {
    const decoder = newDecoder();
    decode(decoder, add("a"));
    for (let i = 0; i < 4; i++) decode(decoder, block("be"));
    assert.deepEqual(decode(decoder, block("20")).fields, []);
    assert.deepEqual(refusal(decoder, block("be")), {
      kind: "compression",
      text: "there is no field with the index 62",
    });
  });

  it("but not a short one for the beginning of a long one", () => {
    for (let length = 1; length < 400; length++) {
      const decoder = newDecoder(100_000);
      for (const part of [length, length, length, length % 256, length % 64])
        assert.equal(decode(decoder, Buffer.alloc(part, 0x82)).fields.length, part * 2);
    }
  });

  it("but keeps none with a field that must never be indexed", () => {
    const decoder = newDecoder();
    const bytes = block("82 1f 08", { text: "secret" });
    const lists = [1, 2, 3, 4].map(() => decode(decoder, bytes));
    assert.equal(new Set(lists.map(({ fields }) => fields)).size, 4);
  });
});
