import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHpackDecoder } from "./index.ts";
import { block, decode, refusal } from "./test/blocks.ts";
import { tableOf } from "./test/table-of.ts";

const newDecoder = (maxListSize = 1000, maxTableSize = 4096) => createHpackDecoder({ maxTableSize, maxListSize });

describe("the decoder limits the size of lists", () => {
  // 32 + 5 + 1 = 38 bytes each.
  const path = block("04", { text: "/" });

  it("answers a list of the very size that is allowed", () => {
    assert.deepEqual(decode(newDecoder(38), path).fields, [":path", "/"]);
    assert.deepEqual(decode(newDecoder(76), Buffer.concat([path, block("84")])).fields, [":path", "/", ":path", "/"]);
  });

  it("refuses one byte more", () => {
    const tooLarge = { kind: "list_too_large", text: "a header list of 38 bytes, where 37 are allowed" };
    assert.deepEqual(refusal(newDecoder(37), path), tooLarge);
    assert.deepEqual(refusal(newDecoder(37), block("84")), tooLarge);
  });

  const kinds = [
    { title: "to be indexed", bytes: block("40", { text: "x-name" }, { text: "value" }) },
    { title: "to be indexed, Huffman encoded", bytes: block("40", { huffman: "x-name" }, { huffman: "value" }) },
  ];
  for (const { title, bytes } of kinds) {
    it(`keeps the table in step: a field ${title} in a list that is too large is there afterwards`, () => {
      const decoder = newDecoder(60);
      assert.equal(refusal(decoder, Buffer.concat([path, path, bytes])).kind, "list_too_large");
      assert.deepEqual(tableOf(decoder), ["x-name", "value"]);
    });
  }

  it("empties the table for a field that is larger than it, also in a list that is too large", () => {
    const decoder = newDecoder(100, 100);
    decode(decoder, block("40", { text: "a" }, { text: "b" }));
    assert.deepEqual(tableOf(decoder), ["a", "b"]);
    assert.equal(refusal(decoder, block("40", { text: "c" }, { text: "d".repeat(120) })).kind, "list_too_large");
    assert.deepEqual(tableOf(decoder), []);
  });

  it("counts on, but keeps nothing, of a small block that refers to a large field many times", () => {
    const decoder = newDecoder(65_536);
    const value = "v".repeat(4000);
    const long = Buffer.concat([block("40", { text: "a" }, "7f a1 1e"), Buffer.from(value)]);
    assert.deepEqual(decode(decoder, long).fields, ["a", value]);
    const before = process.memoryUsage().heapUsed;
    const bomb = Buffer.alloc(1_000_000, 0xbe);
    assert.deepEqual(refusal(decoder, bomb), {
      kind: "list_too_large",
      text: `a header list of ${1_000_000 * 4033} bytes, where 65536 are allowed`,
    });
    // A list of all of them would hold 16 MB in references alone.
    assert.ok(process.memoryUsage().heapUsed - before < 8_000_000);
    assert.deepEqual(decode(decoder, block("be")).fields, ["a", value]);
  });

  it("begins anew with each block", () => {
    const decoder = newDecoder(40);
    for (let i = 0; i < 10; i++) assert.deepEqual(decode(decoder, path).fields, [":path", "/"]);
    assert.equal(refusal(decoder, Buffer.concat([path, path])).kind, "list_too_large");
    assert.deepEqual(decode(decoder, path).fields, [":path", "/"]);
  });
});

describe("the decoder follows the size of the table", () => {
  const field = (name: string) => block("40", { text: name }, { text: "1" });

  it("drops the oldest fields when the peer makes it smaller", () => {
    const decoder = newDecoder();
    decode(decoder, Buffer.concat([field("a"), field("b"), field("c")]));
    // 2 fields of 34 bytes.
    assert.deepEqual(decode(decoder, block("3f 25 bf be")).fields, ["b", "1", "c", "1"]);
    assert.deepEqual(tableOf(decoder), ["c", "1", "b", "1"]);
    decode(decoder, block("20"));
    assert.deepEqual(tableOf(decoder), []);
    decode(decoder, field("d"));
    assert.deepEqual(tableOf(decoder), []);
    decode(decoder, Buffer.concat([block("20 3f e1 1f"), field("e")]));
    assert.deepEqual(tableOf(decoder), ["e", "1"]);
  });

  it("keeps the fields when the peer makes it larger, and has room for more", () => {
    const decoder = newDecoder();
    decode(decoder, Buffer.concat([block("3f 25"), field("a"), field("b"), field("c")]));
    assert.deepEqual(tableOf(decoder), ["c", "1", "b", "1"]);
    decoder.setMaxTableSize(65_536);
    decode(decoder, Buffer.concat([block("3f e1 ff 03"), field("d")]));
    assert.deepEqual(tableOf(decoder), ["d", "1", "c", "1", "b", "1"]);
    for (let i = 0; i < 1000; i++) decode(decoder, field(`x${i}`));
    assert.equal(tableOf(decoder).length, 1003 * 2);
    assert.deepEqual(tableOf(decoder).slice(-2), ["b", "1"]);
  });

  it("has room for a field of its very size", () => {
    const decoder = newDecoder(1000, 34);
    decode(decoder, field("a"));
    assert.deepEqual(tableOf(decoder), ["a", "1"]);
    decode(decoder, field("bc"));
    assert.deepEqual(tableOf(decoder), []);
  });

  it("takes a name from the field that goes to make room", () => {
    const decoder = newDecoder(1000, 40);
    decode(decoder, field("old"));
    assert.deepEqual(decode(decoder, block("7e", { text: "new" })).fields, ["old", "new"]);
    assert.deepEqual(tableOf(decoder), ["old", "new"]);
  });

  const NOT_SMALLER = { kind: "compression", text: "the table was not made smaller, as it was acknowledged" };
  it("insists on the update that the peer has acknowledged", () => {
    for (const bytes of [block("82"), block("3f 46 82")]) {
      const decoder = newDecoder();
      decoder.setMaxTableSize(100);
      const text = bytes[0] === 0x3f ? "a table of 101 bytes, where 100 are allowed" : NOT_SMALLER.text;
      assert.deepEqual(refusal(decoder, bytes), { kind: "compression", text });
    }
    const decoder = newDecoder();
    decoder.setMaxTableSize(100);
    assert.deepEqual(decode(decoder, block("")).fields, []);
    assert.deepEqual(decode(decoder, block("3f 45 82")).fields, [":method", "GET"]);
    assert.deepEqual(decode(decoder, block("82")).fields, [":method", "GET"]);
  });

  it("insists on the smallest of several", () => {
    const decoder = newDecoder();
    decoder.setMaxTableSize(100);
    decoder.setMaxTableSize(4096);
    assert.deepEqual(refusal(decoder, block("3f e1 1f 82")), NOT_SMALLER);
    assert.deepEqual(decode(decoder, block("3f 45 3f e1 1f 82")).fields, [":method", "GET"]);
  });

  it("insists on none when the peer's table is small enough", () => {
    const decoder = newDecoder();
    decode(decoder, block("3f 45"));
    decoder.setMaxTableSize(100);
    assert.deepEqual(decode(decoder, block("82")).fields, [":method", "GET"]);
    decoder.setMaxTableSize(200);
    assert.deepEqual(decode(decoder, block("82")).fields, [":method", "GET"]);
  });
});
