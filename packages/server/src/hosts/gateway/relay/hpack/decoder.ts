import { DynamicTable, INITIAL_TABLE_SIZE } from "./dynamic-table.ts";
import { FIELD_OVERHEAD, type HeaderBlock } from "./header-block.ts";
import { HpackError } from "./hpack-error.ts";
import { decodeHuffman, huffmanRoom } from "./huffman.ts";
import { readIntegerRest } from "./integers.ts";
import { RecentBlocks } from "./recent-blocks.ts";
import { RecentStrings } from "./recent-strings.ts";
import { STATIC_COUNT, STATIC_FIELDS } from "./static-table.ts";

export interface HpackDecoderOptions {
  /** Most bytes of the table that the peer may ask for: what we have announced and it has acknowledged. */
  readonly maxTableSize: number;
  /** Largest list that is answered, in bytes as RFC 9113, section 6.5.2 counts them: 32 for each field, and its name and value. */
  readonly maxListSize: number;
}

/** Decodes the header blocks of one direction of a connection, in their order. */
export interface HpackDecoder {
  /**
   * Decodes the block in `block` from `start` to `end`. Keeps no part of the bytes. Throws HpackError, and nothing else; only after one of the
   * kind `list_too_large` can the decoder go on.
   */
  decode(block: Uint8Array, start: number, end: number): HeaderBlock;
  /**
   * The peer has acknowledged another SETTINGS_HEADER_TABLE_SIZE of ours. When its table is larger now, its next block must begin with an update
   * that makes it small enough (RFC 9113, section 4.3.1).
   */
  setMaxTableSize(maxTableSize: number): void;
}

/** Creates a decoder for the start of a connection, with a table of 4096 bytes, or of the limit, where that is less. Only the peer can make it larger. */
export function createHpackDecoder(options: HpackDecoderOptions): HpackDecoder {
  return new Decoder(options);
}

/** Bytes of a string, which Huffman codes were decoded to. Shared: decoding a string is over before the next begins. */
const SCRATCH = Buffer.alloc(8192);
/** No update of the table's size is due. */
const NONE_DUE = Infinity;
/** Longest string that is made of single characters: beyond, one call into native code is quicker (16: 48 ns, against 66 ns). */
const MOST_CHARACTERS = 16;
/** By length: where the characters of a short string are put together. */
const CHARACTERS = Array.from({ length: MOST_CHARACTERS + 1 }, (_, length) => new Array<number>(length).fill(0));

class Decoder implements HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxListSize: number;
  readonly #recentBlocks = new RecentBlocks();
  readonly #recentStrings = new RecentStrings();
  readonly #cursor = { at: 0 };
  #maxTableSize: number;
  /** The next block must begin with an update of the table's size to this or less. */
  #updateDue = NONE_DUE;
  /** Length of the latest string, also of one that was not made. */
  #length = 0;
  /** The latest set of one name, to be answered again: it is mostly that of `authorization`. */
  #oneName: Set<string> | undefined;

  constructor({ maxTableSize, maxListSize }: HpackDecoderOptions) {
    this.#maxTableSize = maxTableSize;
    this.#maxListSize = maxListSize;
    this.#table = new DynamicTable(Math.min(maxTableSize, INITIAL_TABLE_SIZE));
  }

  setMaxTableSize(maxTableSize: number): void {
    this.#maxTableSize = maxTableSize;
    if (maxTableSize < this.#table.maxSize) this.#updateDue = Math.min(this.#updateDue, maxTableSize);
  }

  decode(block: Uint8Array, start: number, end: number): HeaderBlock {
    const buffer = Buffer.isBuffer(block) ? block : Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const table = this.#table;
    const cursor = this.#cursor;
    const maxListSize = this.#maxListSize;
    let at = this.#readUpdates(buffer, start, end);
    let changesTable = at !== start;
    const known = this.#recentBlocks.find(buffer, start, end);
    if (known !== undefined) return known;
    const fields: string[] = [];
    let listSize = 0;
    let neverIndexed: Set<string> | undefined;
    while (at < end) {
      const byte = buffer[at++] ?? 0;
      let name: string;
      let value: string;
      if (byte >= 0x80) {
        // Indexed field (section 6.1).
        let index = byte & 0x7f;
        if (index === 0x7f) {
          cursor.at = at;
          index = readIntegerRest(buffer, cursor, end, 0x7f);
          at = cursor.at;
        }
        if (index > STATIC_COUNT) {
          const slot = this.#slotOf(index) * 2;
          name = table.fields[slot] ?? "";
          value = table.fields[slot + 1] ?? "";
        } else {
          if (index === 0) throw new HpackError("compression", "a field has the index 0");
          name = STATIC_FIELDS[index * 2] ?? "";
          value = STATIC_FIELDS[index * 2 + 1] ?? "";
        }
        listSize += name.length + value.length + FIELD_OVERHEAD;
      } else {
        // Literal field (section 6.2): to be indexed, not to be, or never.
        if (byte >= 0x20 && byte < 0x40)
          throw new HpackError("compression", "the size of the table is updated behind the start of a block");
        const indexing = byte >= 0x40;
        const never = !indexing && byte >= 0x10;
        const room = maxListSize - listSize;
        const needed = indexing ? Math.max(room, table.maxSize) : room;
        cursor.at = at;
        name = this.#readName(buffer, end, byte, indexing ? 0x3f : 0x0f, needed);
        const nameLength = this.#length;
        value = this.#readString(buffer, end, needed, !never);
        at = cursor.at;
        const size = nameLength + this.#length + FIELD_OVERHEAD;
        listSize += size;
        if (indexing) {
          table.add(name, value, size);
          changesTable = true;
        } else if (never && listSize <= maxListSize) neverIndexed = this.#withName(neverIndexed, name);
      }
      if (listSize <= maxListSize) fields.push(name, value);
    }
    if (changesTable) this.#recentBlocks.forget();
    if (listSize > maxListSize)
      throw new HpackError("list_too_large", `a header list of ${listSize} bytes, where ${maxListSize} are allowed`);
    const answer = { fields, neverIndexed };
    if (!changesTable && neverIndexed === undefined) this.#recentBlocks.remember(buffer, start, end, answer);
    return answer;
  }

  /** Reads the updates of the table's size that a block begins with (sections 4.2 and 6.3). Answers where they end. */
  #readUpdates(block: Buffer, at: number, end: number): number {
    const cursor = this.#cursor;
    while (at < end && ((block[at] ?? 0) & 0xe0) === 0x20) {
      let size = (block[at] ?? 0) & 0x1f;
      cursor.at = at + 1;
      if (size === 0x1f) size = readIntegerRest(block, cursor, end, size);
      at = cursor.at;
      if (size > this.#maxTableSize)
        throw new HpackError("compression", `a table of ${size} bytes, where ${this.#maxTableSize} are allowed`);
      if (size <= this.#updateDue) this.#updateDue = NONE_DUE;
      this.#table.setMaxSize(size);
    }
    // An empty block says nothing that would need the table: some encoders write the update with the first field.
    if (this.#updateDue !== NONE_DUE && at < end)
      throw new HpackError("compression", "the table was not made smaller, as it was acknowledged");
    return at;
  }

  /** The slot of a field of the dynamic table. */
  #slotOf(index: number): number {
    const age = index - STATIC_COUNT - 1;
    if (age >= this.#table.count) throw new HpackError("compression", `there is no field with the index ${index}`);
    return this.#table.slotOf(age);
  }

  /** Reads the name of a literal field behind its first byte: an index, or a string. */
  #readName(block: Buffer, end: number, byte: number, mask: number, needed: number): string {
    let index = byte & mask;
    if (index === 0) return this.#readString(block, end, needed, true);
    if (index === mask) index = readIntegerRest(block, this.#cursor, end, mask);
    const name = index > STATIC_COUNT ? this.#table.fields[this.#slotOf(index) * 2] : STATIC_FIELDS[index * 2];
    this.#length = name?.length ?? 0;
    return name ?? "";
  }

  /**
   * Reads a string (section 5.2). One that is longer than is `needed` is only checked, and "" is answered; `#length` is its length in any case.
   * `keep`: it may be kept, to be recognized when it comes again.
   */
  #readString(block: Buffer, end: number, needed: number, keep: boolean): string {
    const cursor = this.#cursor;
    if (cursor.at >= end) throw new HpackError("compression", "the block ends before a string");
    const header = block[cursor.at++] ?? 0;
    let length = header & 0x7f;
    if (length === 0x7f) length = readIntegerRest(block, cursor, end, length);
    const from = cursor.at;
    const to = from + length;
    if (to > end) throw new HpackError("compression", "the block ends within a string");
    cursor.at = to;
    if (keep) {
      const known = this.#recentStrings.find(header, block, from, to);
      if (known !== undefined) {
        this.#length = known.length;
        return known;
      }
    }
    let bytes = block;
    let first = from;
    if (header >= 0x80) {
      const room = huffmanRoom(length);
      bytes = room <= SCRATCH.byteLength ? SCRATCH : Buffer.allocUnsafe(room);
      first = 0;
      length = decodeHuffman(block, from, to, bytes);
    }
    this.#length = length;
    if (length > needed) return "";
    const text =
      length <= MOST_CHARACTERS ? shortString(bytes, first, length) : bytes.toString("latin1", first, first + length);
    if (keep) this.#recentStrings.remember(header, block, from, to, text);
    return text;
  }

  /** Adds a name to the set of a block. Sets that were answered are not changed. */
  #withName(names: Set<string> | undefined, name: string): Set<string> {
    if (names === undefined) {
      if (this.#oneName?.has(name) === true) return this.#oneName;
      return (this.#oneName = new Set([name]));
    }
    if (names.has(name)) return names;
    return names === this.#oneName ? new Set([...names, name]) : names.add(name);
  }
}

/** A string of at most MOST_CHARACTERS bytes. */
function shortString(bytes: Uint8Array, start: number, length: number): string {
  if (length === 0) return "";
  const characters = CHARACTERS[length] ?? [];
  for (let i = 0; i < length; i++) characters[i] = bytes[start + i] ?? 0;
  return String.fromCharCode(...characters);
}
