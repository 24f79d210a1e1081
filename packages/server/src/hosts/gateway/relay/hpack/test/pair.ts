import assert from "node:assert/strict";
import { ByteWriter, createHpackDecoder, createHpackEncoder, type HpackEncoder } from "../index.ts";
import { decode, partsOf } from "./blocks.ts";

/** An encoder, and the peer that decodes what it writes. */
export function newPair({ maxTableSize = 4096, peerTableSize = 4096 } = {}) {
  const encoder = createHpackEncoder({ maxTableSize });
  const decoder = createHpackDecoder({ maxTableSize: peerTableSize, maxListSize: 1_000_000 });
  /** Encodes a list, checks that the peer reads the same, and answers what the block consists of. */
  function send(fields: readonly string[], neverIndexed?: readonly string[]): readonly string[] {
    const bytes = encode(encoder, fields, neverIndexed);
    assert.deepEqual(decode(decoder, bytes).fields, fields);
    return partsOf(bytes);
  }
  return { encoder, decoder, send };
}

/** The block that an encoder writes for a list. */
export function encode(encoder: HpackEncoder, fields: readonly string[], neverIndexed?: readonly string[]): Buffer {
  const out = new ByteWriter();
  encoder.encode(fields, neverIndexed && new Set(neverIndexed), out);
  return out.bytes.subarray(0, out.length);
}
