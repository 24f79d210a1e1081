import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHpackDecoder } from "./index.ts";
import { block, decode, refusal } from "./test/blocks.ts";
import { encodeHuffman } from "./test/huffman-encoder.ts";
import { tableOf } from "./test/table-of.ts";

const newDecoder = (maxListSize = 1000, maxTableSize = 4096) => createHpackDecoder({ maxTableSize, maxListSize });

describe("the decoder refuses what breaks RFC 7541", () => {
  const TRUNCATED = "the block ends within an integer";
  const NO_STRING = "the block ends before a string";
  const CUT_STRING = "the block ends within a string";
  const TOO_LARGE = "an integer is too large";
  const LATE = "the size of the table is updated behind the start of a block";
  const PADDING = "a string of Huffman codes ends in wrong padding";
  const EOS = "a string of Huffman codes holds EOS";
  const cases: readonly { title: string; bytes: Buffer; text: string }[] = [
    { title: "the index 0", bytes: block("80"), text: "a field has the index 0" },
    { title: "an index beyond an empty table", bytes: block("be"), text: "there is no field with the index 62" },
    {
      title: "an index beyond a table of one field",
      bytes: block("41", { text: "a" }, "be bf"),
      text: "there is no field with the index 63",
    },
    {
      title: "an index of two bytes beyond the table",
      bytes: block("ff 00"),
      text: "there is no field with the index 127",
    },
    {
      title: "the largest index that is read",
      bytes: block("ff 80 ff ff ff 07"),
      text: "there is no field with the index 2147483647",
    },
    {
      title: "a name with an index beyond the table, to be indexed",
      bytes: block("7f 00", { text: "a" }),
      text: "there is no field with the index 63",
    },
    {
      title: "a name with an index beyond the table, not to be indexed",
      bytes: block("0f 2f", { text: "a" }),
      text: "there is no field with the index 62",
    },
    {
      title: "a name with an index beyond the table, never to be indexed",
      bytes: block("1f 2f", { text: "a" }),
      text: "there is no field with the index 62",
    },
    { title: "an index that is cut off", bytes: block("ff"), text: TRUNCATED },
    { title: "an index that is cut off later", bytes: block("ff 80 80"), text: TRUNCATED },
    { title: "an index of a name that is cut off", bytes: block("7f"), text: TRUNCATED },
    { title: "a size of the table that is cut off", bytes: block("3f"), text: TRUNCATED },
    { title: "a length that is cut off", bytes: block("40 7f"), text: TRUNCATED },
    { title: "an index of 2^31", bytes: block("ff 81 ff ff ff 07"), text: TOO_LARGE },
    { title: "an index beyond 2^32", bytes: block("ff ff ff ff ff 7f"), text: TOO_LARGE },
    { title: "an index of six bytes", bytes: block("ff ff ff ff ff ff 01"), text: TOO_LARGE },
    { title: "an index with more zeros than it could need", bytes: block("ff 80 80 80 80 80 00"), text: TOO_LARGE },
    { title: "a length of 2^31", bytes: block("00 7f 81 ff ff ff 07"), text: TOO_LARGE },
    { title: "a size of the table of 2^32", bytes: block("3f e1 ff ff ff 0f"), text: TOO_LARGE },
    { title: "a literal field without a name", bytes: block("40"), text: NO_STRING },
    { title: "a literal field without a value", bytes: block("40", { text: "a" }), text: NO_STRING },
    { title: "a literal field with an index and without a value", bytes: block("04"), text: NO_STRING },
    { title: "a name that is cut off", bytes: block("40 03 61 62"), text: CUT_STRING },
    { title: "a value that is cut off", bytes: block("04 03 61 62"), text: CUT_STRING },
    { title: "Huffman codes that are cut off", bytes: block("04 83 61 62"), text: CUT_STRING },
    { title: "a length far beyond the block", bytes: block("04 7f 80 ff ff ff 07"), text: CUT_STRING },
    { title: "Huffman padding of 8 bits", bytes: block("04 81 ff"), text: PADDING },
    { title: "Huffman padding of zeros", bytes: block("04 81 18"), text: PADDING },
    { title: "Huffman padding of 8 bits in a name", bytes: block("40 81 ff 00"), text: PADDING },
    { title: "EOS in Huffman codes", bytes: block("04 84 ff ff ff ff"), text: EOS },
    { title: "an update of the table's size behind a field", bytes: block("82 20"), text: LATE },
    { title: "an update of the table's size between fields", bytes: block("82 3f e1 1f 82"), text: LATE },
    {
      title: "a table larger than was allowed",
      bytes: block("3f e2 1f"),
      text: "a table of 4097 bytes, where 4096 are allowed",
    },
    {
      title: "a table larger than was allowed, in the second update",
      bytes: block("20 3f e2 1f"),
      text: "a table of 4097 bytes, where 4096 are allowed",
    },
  ];
  for (const { title, bytes, text } of cases)
    it(title, () => assert.deepEqual(refusal(newDecoder(), bytes), { kind: "compression", text }));

  it("also behind what makes the list too large", () => {
    const large = block("04", { text: "a".repeat(100) });
    for (const { title, bytes, text } of cases) {
      if (bytes[0] === 0x20 || (bytes[0] ?? 0) >> 5 === 1) continue;
      const found = refusal(newDecoder(50), Buffer.concat([large, bytes]));
      assert.deepEqual(found, { kind: "compression", text }, title);
    }
  });
});

describe("the decoder tells what must never be indexed", () => {
  const secret = block("1f 08", { text: "secret" });
  const token = block("10", { text: "x-token" }, { text: "secret" });
  const cases = [
    { title: "nothing, where there is nothing", bytes: block("82 84", "04", { text: "/" }), names: undefined },
    { title: "one name", bytes: secret, names: ["authorization"] },
    { title: "one name of two fields", bytes: Buffer.concat([secret, secret]), names: ["authorization"] },
    { title: "two names", bytes: Buffer.concat([secret, token]), names: ["authorization", "x-token"] },
    { title: "only the name that is", bytes: Buffer.concat([block("82"), token, block("84")]), names: ["x-token"] },
  ];
  for (const { title, bytes, names } of cases) {
    it(title, () => {
      const decoder = newDecoder();
      const first = decode(decoder, bytes);
      for (const other of cases) decode(decoder, other.bytes);
      assert.deepEqual(first.neverIndexed, names && new Set(names));
      assert.deepEqual(decode(decoder, bytes).neverIndexed, names && new Set(names));
      assert.deepEqual(tableOf(decoder), []);
    });
  }
});

describe("the decoder reads strings", () => {
  it("of every length, plain and Huffman encoded, again and again", () => {
    const decoder = newDecoder(10_000);
    for (let length = 0; length < 100; length++) {
      const text = Array.from({ length }, (_, i) => String.fromCharCode(48 + ((i * 7 + length) % 70))).join("");
      for (let i = 0; i < 4; i++) {
        assert.deepEqual(decode(decoder, block("04", { text })).fields, [":path", text]);
        assert.deepEqual(decode(decoder, block("04", { huffman: text })).fields, [":path", text]);
        assert.deepEqual(decode(decoder, block("00", { huffman: text }, { text })).fields, [text, text]);
      }
    }
  });

  it("of every byte", () => {
    const decoder = newDecoder();
    for (let byte = 0; byte < 256; byte++) {
      const text = String.fromCharCode(byte).repeat(30);
      assert.deepEqual(decode(decoder, block("04", { text })).fields, [":path", text]);
      assert.deepEqual(decode(decoder, block("04", { huffman: text })).fields, [":path", text]);
    }
  });

  it("that have the same bytes, but are Huffman codes here and not there", () => {
    const codes = encodeHuffman("/acme.v1.Users/Add");
    const decoder = newDecoder();
    for (let i = 0; i < 5; i++) {
      assert.deepEqual(decode(decoder, block("04", { huffman: "/acme.v1.Users/Add" })).fields[1], "/acme.v1.Users/Add");
      assert.deepEqual(
        decode(decoder, block("04", { text: codes.toString("latin1") })).fields[1],
        codes.toString("latin1"),
      );
    }
  });

  it("that differ in one byte from one that came before", () => {
    const decoder = newDecoder();
    const path = "/acme.shop.v1.Orders/GetOrder";
    for (let at = 0; at < path.length; at++) {
      const other = `${path.slice(0, at)}!${path.slice(at + 1)}`;
      for (const text of [path, path, path, other, other, other, path])
        assert.equal(decode(decoder, block("04", { text })).fields[1], text);
    }
  });

  it("that are longer than a list may be, when they only pass through the table", () => {
    const decoder = newDecoder(20_000);
    const text = "x".repeat(12_000);
    const codes = encodeHuffman(text);
    const literal = Buffer.concat([block("40", { text: "a" }, "ff", integerRest(codes.byteLength - 127)), codes]);
    assert.deepEqual(decode(decoder, literal).fields, ["a", text]);
    assert.deepEqual(tableOf(decoder), []);
  });

  it("in a part of a Uint8Array that is no Buffer", () => {
    const bytes = Uint8Array.from([0, 0, 0x04, 0x11, ...Buffer.from("/a.b/Cdefghijklmn"), 0xff]);
    const part = bytes.subarray(1);
    assert.deepEqual(newDecoder().decode(part, 1, 20).fields, [":path", "/a.b/Cdefghijklmn"]);
  });
});

function integerRest(value: number): string {
  let rest = "";
  for (; value >= 128; value >>= 7) rest += ((value & 127) | 128).toString(16);
  return rest + value.toString(16).padStart(2, "0");
}
