import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HpackError } from "./index.ts";
import { decodeHuffman, huffmanRoom } from "./huffman.ts";
import { bitsToBytes, encodeHuffman } from "./test/huffman-encoder.ts";

function decode(bytes: Uint8Array): string {
  const out = Buffer.alloc(huffmanRoom(bytes.byteLength));
  return out.toString("latin1", 0, decodeHuffman(bytes, 0, bytes.byteLength, out));
}

describe("decodeHuffman()", () => {
  const known = [
    { bytes: "f1e3c2e5f23a6ba0ab90f4ff", text: "www.example.com" },
    { bytes: "25a849e95ba97d7f", text: "custom-key" },
    { bytes: "", text: "" },
  ];
  for (const { bytes, text } of known)
    it(`reads ${bytes || "nothing"} as "${text}"`, () => assert.equal(decode(Buffer.from(bytes, "hex")), text));

  it("reads every byte, before and behind every other", () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const text = String.fromCharCode(first, second);
        assert.equal(decode(encodeHuffman(text)), text);
      }
    }
  });

  it("reads from a start to an end", () => {
    const codes = encodeHuffman("/a.b/C");
    const bytes = Buffer.concat([Buffer.from([0, 1]), codes, Buffer.from([2, 3])]);
    const out = Buffer.alloc(huffmanRoom(codes.byteLength));
    assert.equal(out.toString("latin1", 0, decodeHuffman(bytes, 2, 2 + codes.byteLength, out)), "/a.b/C");
  });

  it("needs no more room than it says", () => {
    // "0" has the shortest code, so nothing becomes longer.
    for (let length = 0; length < 100; length++) {
      const codes = encodeHuffman("0".repeat(length));
      assert.ok(huffmanRoom(codes.byteLength) > length);
    }
  });

  const a = "00011";
  const eos = "1".repeat(30);
  const PADDING = "a string of Huffman codes ends in wrong padding";
  const EOS = "a string of Huffman codes holds EOS";
  const refused = [
    { title: "padding of 8 bits", bytes: Buffer.from([0xff]), text: PADDING },
    { title: "padding of 11 bits", bytes: bitsToBytes(`${a}${"1".repeat(11)}`), text: PADDING },
    { title: "padding of 27 bits", bytes: bitsToBytes(`${a}${"1".repeat(27)}`), text: PADDING },
    { title: "padding of zeros", bytes: bitsToBytes(`${a}000`), text: PADDING },
    { title: "padding with a zero at its end", bytes: bitsToBytes(`${a}110`), text: PADDING },
    { title: "a code that is cut off", bytes: bitsToBytes(`${a}11111111110`), text: PADDING },
    { title: "EOS at the start", bytes: bitsToBytes(`${eos}${a}`), text: EOS },
    { title: "EOS in the middle", bytes: bitsToBytes(`${a}${eos}${a}`), text: EOS },
    { title: "EOS at the end", bytes: bitsToBytes(`${a}${eos}`), text: EOS },
    { title: "EOS as padding of whole bytes", bytes: Buffer.from([0xff, 0xff, 0xff, 0xff]), text: EOS },
  ];
  for (const { title, bytes, text } of refused) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => decode(bytes),
        (error) => {
          assert.ok(error instanceof HpackError);
          assert.equal(error.kind, "compression");
          assert.equal(error.message, text);
          return true;
        },
      );
    });
  }

  for (let bits = 0; bits <= 7; bits++) {
    it(`accepts padding of ${bits} bits`, () => {
      // Codes of "0" have 5 bits and those of ":" 7: some of each leave any number of bits over.
      for (let zeros = 0; zeros < 8; zeros++) {
        const text = "0".repeat(zeros) + ":";
        if ((8 - ((zeros * 5 + 7) % 8)) % 8 === bits) assert.equal(decode(encodeHuffman(text)), text);
      }
    });
  }
});
