import { HpackError } from "./hpack-error.ts";

/** Where reading stands in a block. An integer answers its value, and moves the cursor past itself. */
export interface Cursor {
  at: number;
}

/** Most bytes behind the prefix. Five hold every size that HTTP/2 knows; a longer integer can only be meant to do harm. */
const MOST_BYTES = 5;
/** Largest integer that is read. No index, length or size comes near it. */
export const LARGEST_INTEGER = 2 ** 31 - 1;
/** Most bytes that `writeInteger` writes. */
export const MOST_INTEGER_BYTES = 6;

/**
 * Reads what follows a prefix whose bits are all ones (RFC 7541, section 5.1). `prefix` is the value of those ones; the cursor stands behind
 * it. Throws HpackError when the block ends within the integer, or when it is larger than LARGEST_INTEGER or padded beyond its size.
 */
export function readIntegerRest(block: Uint8Array, cursor: Cursor, end: number, prefix: number): number {
  let value = prefix;
  let weight = 1;
  for (let i = 0; i < MOST_BYTES; i++) {
    if (cursor.at >= end) throw new HpackError("compression", "the block ends within an integer");
    const byte = block[cursor.at++] ?? 0;
    // Multiplied, not shifted: the fifth byte goes beyond 32 bits.
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) {
      if (value > LARGEST_INTEGER) break;
      return value;
    }
    weight *= 0x80;
  }
  throw new HpackError("compression", "an integer is too large");
}

/**
 * Writes an integer behind the bits of `flags`, with `mask` as the largest value of its prefix (RFC 7541, section 5.1). The room must have been
 * reserved. Answers where the next byte goes.
 */
export function writeInteger(bytes: Buffer, at: number, flags: number, mask: number, value: number): number {
  if (value < mask) {
    bytes[at] = flags | value;
    return at + 1;
  }
  bytes[at++] = flags | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at] = rest;
  return at + 1;
}
