import type { HeaderBlock, HeaderList } from "./header-block.ts";

/** How many blocks are remembered, a power of two, and the longest of them, in bytes. */
const SLOTS = 16;
const MOST_BYTES = 64;

/** The lists of blocks that are remembered. */
const REPEATING = new WeakSet<HeaderList>();

/** Whether a decoder answers this very list again and again. */
export function isRepeating(fields: HeaderList): boolean {
  return REPEATING.has(fields);
}

/**
 * Blocks that came lately, and what they said. While the table stays as it is, the same bytes say the same. Such a block is only compared, which takes a
 * third of the time of decoding it, and its answer is the same object as before, so whoever gets it can recognize it too.
 *
 * A block has one slot that it can be in. It gets in when it comes a second time in a row there, so one that does not repeat costs no copy.
 */
export class RecentBlocks {
  /** By slot: key of the latest block. Then of the one that is remembered: its length, 0 if there is none; its bytes; what it said. */
  readonly #keys = new Int32Array(SLOTS);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * MOST_BYTES);
  readonly #answers = new Array<HeaderBlock | undefined>(SLOTS).fill(undefined);
  #isEmpty = true;

  /** What the block in `bytes` from `start` to `end` said, if it is known. */
  find(bytes: Uint8Array, start: number, end: number): HeaderBlock | undefined {
    const length = end - start;
    if (this.#isEmpty || length > MOST_BYTES) return undefined;
    const slot = keyOf(bytes, start, end) & (SLOTS - 1);
    if (this.#lengths[slot] !== length) return undefined;
    const known = this.#bytes;
    for (let at = start, mine = slot * MOST_BYTES; at < end; at++, mine++)
      if (known[mine] !== bytes[at]) return undefined;
    return this.#answers[slot];
  }

  /** Remembers what a block said that `find` did not know, that did not change the table, and that holds nothing that must not be kept. */
  remember(bytes: Uint8Array, start: number, end: number, answer: HeaderBlock): void {
    const length = end - start;
    if (length > MOST_BYTES) return;
    const key = keyOf(bytes, start, end);
    const slot = key & (SLOTS - 1);
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      return;
    }
    const known = this.#bytes;
    for (let at = start, mine = slot * MOST_BYTES; at < end; at++, mine++) known[mine] = bytes[at] ?? 0;
    this.#lengths[slot] = length;
    this.#answers[slot] = answer;
    this.#isEmpty = false;
    REPEATING.add(answer.fields);
  }

  /** Forgets all, since the table has changed. */
  forget(): void {
    if (this.#isEmpty) return;
    this.#lengths.fill(0);
    this.#answers.fill(undefined);
    this.#isEmpty = true;
  }
}

/** Tells blocks apart, mostly: by their length, the bytes of their first fields, and those of their end. */
function keyOf(bytes: Uint8Array, start: number, end: number): number {
  let key = end - start;
  const head = Math.min(end, start + 8);
  for (let at = start; at < head; at++) key = Math.imul(key ^ (bytes[at] ?? 0), 0x01000193);
  for (let at = Math.max(head, end - 4); at < end; at++) key = Math.imul(key ^ (bytes[at] ?? 0), 0x01000193);
  return key ^ (key >>> 15);
}
