import { HpackError, type HpackDecoder } from "../index.ts";

/** What a decoder's dynamic table holds, from the newest field, as it answers itself: by one index after the other. */
export function tableOf(decoder: HpackDecoder): readonly string[] {
  const fields: string[] = [];
  for (let index = 62; ; index++) {
    const block = index < 127 ? [0x80 | index] : [0xff, ((index - 127) & 0x7f) | 0x80, (index - 127) >> 7];
    try {
      fields.push(...decoder.decode(Uint8Array.from(block), 0, block.length).fields);
    } catch (error) {
      if (error instanceof HpackError && error.message === `there is no field with the index ${index}`) return fields;
      throw error;
    }
  }
}

/** Size of a list or a table, as RFC 7541, section 4.1 and RFC 9113, section 6.5.2 count it. */
export function sizeOf(fields: readonly string[]): number {
  return fields.reduce((size, text) => size + text.length, 0) + (fields.length / 2) * 32;
}
