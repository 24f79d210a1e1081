/** How many strings are remembered. A power of two. */
const SLOTS = 32;
/** Shortest and longest of them, in bytes as they were sent. A shorter one is made as quickly as it is found. */
const LEAST_BYTES = 5;
const MOST_BYTES = 64;

/**
 * Strings that came as they are in the latest blocks, and what they were decoded to. Many encoders never index what often repeats: nghttp2, and so
 * Node, curl and Envoy, sends each `:path` anew, .NET sends all but a few. Comparing bytes takes a quarter of the time of decoding them and making
 * a string; and a string that is the same object as before is compared and looked up faster wherever it goes.
 *
 * A string has one slot that it can be in. It gets in when it comes a second time in a row there, so one that does not repeat costs no copy.
 */
export class RecentStrings {
  /** By slot: key of the latest string. Then of the one that is remembered: the byte before it, which tells length and kind; its bytes; what they mean. */
  readonly #keys = new Int32Array(SLOTS);
  readonly #headers = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * MOST_BYTES);
  readonly #strings = new Array<string>(SLOTS).fill("");

  /** What the string in `block` from `start` to `end` was decoded to, if it is known. `header` is the byte before it. */
  find(header: number, block: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    if (length < LEAST_BYTES || length > MOST_BYTES) return undefined;
    const key = keyOf(header, block, start, end);
    const slot = key & (SLOTS - 1);
    if (this.#keys[slot] !== key || this.#headers[slot] !== header) return undefined;
    const bytes = this.#bytes;
    for (let at = start, mine = slot * MOST_BYTES; at < end; at++, mine++)
      if (bytes[mine] !== block[at]) return undefined;
    return this.#strings[slot];
  }

  /** Remembers what a string that `find` did not know was decoded to. */
  remember(header: number, block: Uint8Array, start: number, end: number, text: string): void {
    const length = end - start;
    if (length < LEAST_BYTES || length > MOST_BYTES) return;
    const key = keyOf(header, block, start, end);
    const slot = key & (SLOTS - 1);
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      return;
    }
    const bytes = this.#bytes;
    for (let at = start, mine = slot * MOST_BYTES; at < end; at++, mine++) bytes[mine] = block[at] ?? 0;
    this.#headers[slot] = header;
    this.#strings[slot] = text;
  }
}

/** Tells strings apart, mostly: by their kind, their length, and some bytes of their middle and their end, where the likes of paths differ. */
function keyOf(header: number, block: Uint8Array, start: number, end: number): number {
  const middle = block[(start + end) >>> 1] ?? 0;
  const last = ((block[end - 4] ?? 0) << 24) | ((block[end - 3] ?? 0) << 16) | ((block[end - 2] ?? 0) << 8);
  return Math.imul(last ^ (block[end - 1] ?? 0) ^ (middle << 12) ^ (header << 4), 0x9e3779b1) >> 7;
}
