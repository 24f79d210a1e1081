import type { HeaderList } from "./header-block.ts";

/** How many lists are remembered, a power of two, and the longest block of them, in bytes. */
const SLOTS = 8;
const MOST_BYTES = 32;

/**
 * Lists that were encoded lately to nothing but indexes, and the bytes of those. While the table stays as it is, they are encoded the same way: what a decoder
 * recognized as a whole is copied as a whole, which takes a quarter of the time of encoding it. No other lists are remembered: only of those is it
 * known that they come again, and that nobody changes them.
 */
export class RecentLists {
  /** By slot: a list, and the length of its block, and its bytes. */
  readonly #lists = new Array<HeaderList | undefined>(SLOTS).fill(undefined);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * MOST_BYTES);
  /** The slot that is filled next. */
  #next = 0;

  /** Writes the block of a list, if it is known, and answers where the next byte goes; -1: it is not known. */
  write(fields: HeaderList, out: Uint8Array, at: number): number {
    const lists = this.#lists;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (lists[slot] !== fields) continue;
      const bytes = this.#bytes;
      const end = slot * MOST_BYTES + (this.#lengths[slot] ?? 0);
      for (let mine = slot * MOST_BYTES; mine < end; mine++, at++) out[at] = bytes[mine] ?? 0;
      return at;
    }
    return -1;
  }

  /** Remembers the block of a repeating list that `write` did not know. It must consist of indexes alone. */
  remember(fields: HeaderList, block: Uint8Array, start: number, end: number): void {
    if (end - start > MOST_BYTES) return;
    const slot = this.#next;
    this.#next = (slot + 1) & (SLOTS - 1);
    this.#lists[slot] = fields;
    this.#lengths[slot] = end - start;
    for (let at = start, mine = slot * MOST_BYTES; at < end; at++, mine++) this.#bytes[mine] = block[at] ?? 0;
  }

  /** Forgets all, since the table has changed. */
  forget(): void {
    this.#lists.fill(undefined);
  }
}
