import assert from "node:assert/strict";
import { HpackError, type HeaderBlock, type HpackDecoder, type HpackErrorKind } from "../index.ts";
import { encodeHuffman } from "./huffman-encoder.ts";

/** A block of hexadecimal digits, and of texts, each with its length before it. */
export function block(
  ...parts: readonly (string | { readonly text: string } | { readonly huffman: string })[]
): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === "string") return Buffer.from(part.replace(/\s/g, ""), "hex");
      const bytes = "text" in part ? Buffer.from(part.text, "latin1") : encodeHuffman(part.huffman);
      assert.ok(bytes.byteLength < 127);
      return Buffer.concat([Buffer.from([("text" in part ? 0 : 0x80) | bytes.byteLength]), bytes]);
    }),
  );
}

/** What a decoder answers for a whole block. */
export function decode(decoder: HpackDecoder, bytes: Uint8Array): HeaderBlock {
  return decoder.decode(bytes, 0, bytes.byteLength);
}

/** Why a decoder refuses a block. */
export function refusal(decoder: HpackDecoder, bytes: Uint8Array): { kind: HpackErrorKind; text: string } {
  try {
    decode(decoder, bytes);
  } catch (error) {
    assert.ok(error instanceof HpackError, String(error));
    return { kind: error.kind, text: error.message };
  }
  throw new assert.AssertionError({ message: "the block was not refused" });
}

/** What a block consists of: the kind of each field, and its index or the index of its name, where it has one. It knows no Huffman codes. */
export function partsOf(bytes: Uint8Array): readonly string[] {
  const parts: string[] = [];
  let at = 0;
  const integer = (mask: number): number => {
    let value = (bytes[at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let weight = 1; ; weight *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * weight;
      if (byte < 128) return value;
    }
  };
  const string = (): void => {
    assert.ok((bytes[at] ?? 0) < 128, "Huffman codes");
    const length = integer(127);
    at += length;
  };
  const literal = (kind: string, mask: number): string => {
    const index = integer(mask);
    if (index === 0) string();
    string();
    return index === 0 ? kind : `${kind} ${index}`;
  };
  while (at < bytes.byteLength) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80) parts.push(`index ${integer(0x7f)}`);
    else if (byte >= 0x40) parts.push(literal("add", 0x3f));
    else if (byte >= 0x20) parts.push(`size ${integer(0x1f)}`);
    else parts.push(literal(byte >= 0x10 ? "never" : "plain", 0x0f));
  }
  assert.equal(at, bytes.byteLength);
  return parts;
}
