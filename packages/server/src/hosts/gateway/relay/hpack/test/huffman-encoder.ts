import { CODE_LENGTHS } from "../huffman-code.ts";

const CODES = canonicalCodes();

/** Bytes of a text as Huffman codes (RFC 7541, section 5.2). Slow and plain: bit by bit. */
export function encodeHuffman(text: string): Buffer {
  return bitsToBytes([...Buffer.from(text, "latin1")].map((byte) => CODES[byte]).join(""));
}

/** Bits as bytes, filled up with ones. */
export function bitsToBytes(bits: string): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  return Buffer.from(whole.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? []);
}

function canonicalCodes(): readonly string[] {
  const codes: string[] = [];
  let code = 0n;
  let length = 0;
  const symbols = CODE_LENGTHS.map((bits, symbol) => ({ bits, symbol }));
  for (const { bits, symbol } of symbols.sort((a, b) => a.bits - b.bits || a.symbol - b.symbol)) {
    code <<= BigInt(bits - length);
    length = bits;
    codes[symbol] = code.toString(2).padStart(bits, "0");
    code++;
  }
  return codes;
}
