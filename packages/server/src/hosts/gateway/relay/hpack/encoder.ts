import type { ByteWriter } from "./byte-writer.ts";
import { INITIAL_TABLE_SIZE } from "./dynamic-table.ts";
import { EncoderTable, keyOf } from "./encoder-table.ts";
import { FIELD_OVERHEAD, type HeaderBlock, type HeaderList } from "./header-block.ts";
import { MOST_INTEGER_BYTES, writeInteger } from "./integers.ts";
import { isRepeating } from "./recent-blocks.ts";
import { RecentLists } from "./recent-lists.ts";

export interface HpackEncoderOptions {
  /** Largest table that we use, in bytes, however large the peer's may be. At most 1 MiB. */
  readonly maxTableSize: number;
}

const MOST_TABLE_SIZE = 2 ** 20;

/**
 * Encodes the header blocks of one direction of a connection, in their order. What it wrote must be sent: the peer's table follows it.
 *
 * Indexed is a field whose name the peer does not know, so that later ones can refer to it, and a field whose name it knows when the same value came lately.
 * So what repeats is sent once or twice, be it a `:path` or the `date` of a second. What differs each time, such as `traceparent`, `grpc-timeout` or a
 * `:path` with an identifier in it, pushes nothing out of the table. No list of names has to know which are which. Measured against such a list, and against
 * indexing everything, on five kinds of traffic: never more bytes than the better of the two, from a tenth more to 40 % less time for us, and
 * less for the peer.
 *
 * Never indexed is what was not before us, and a short `authorization` or `cookie`, which could be guessed (RFC 7541, section 7.1.3). Strings
 * are not Huffman encoded; huffman.ts says why.
 */
export interface HpackEncoder {
  /** Appends a block with these fields to `out`. A character that is no byte (beyond latin-1) is written as "?". */
  encode(fields: HeaderList, neverIndexed: HeaderBlock["neverIndexed"], out: ByteWriter): void;
  /** The peer has set its SETTINGS_HEADER_TABLE_SIZE. The next block tells it what we make of that (RFC 7541, section 4.2). */
  setMaxTableSize(maxTableSize: number): void;
}

/** Creates an encoder for the start of a connection, when the peer has a table of 4096 bytes. */
export function createHpackEncoder(options: HpackEncoderOptions): HpackEncoder {
  if (options.maxTableSize > MOST_TABLE_SIZE)
    throw new RangeError(`maxTableSize: ${options.maxTableSize} bytes, where ${MOST_TABLE_SIZE} is the most`);
  return new Encoder(options);
}

/** Most bytes of an indexed field: a table of 1 MiB has 32,768 fields at most. */
const MOST_INDEX_BYTES = 4;
/** Values shorter than this can be guessed: a secret of this length is not indexed. */
const SECRET_BYTES = 20;
/** Largest part of the table that one field may take. */
const LARGEST_SHARE = 0.75;
const QUESTION_MARK = 0x3f;
/** Longest string that is written character by character: beyond, one call into native code is quicker. */
const MOST_CHARACTERS = 16;

/** For how many fields of a list is remembered where they stand, and for how many lengths of lists. Powers of two. */
const HINTS_OF_LIST = 32;
const HINTED_LISTS = 8;

class Encoder implements HpackEncoder {
  readonly #table: EncoderTable;
  readonly #recentLists = new RecentLists();
  readonly #ownMaxSize: number;
  /**
   * By length of a list and position in it: the place of the field that was there the last time. Lists of a connection are much alike, and comparing
   * a field to the one that is expected takes 5 ns, where searching takes 30 ns.
   */
  readonly #hints = new Int32Array(HINTED_LISTS * HINTS_OF_LIST);
  /** Smallest size of the table since the latest block, of which the peer must hear; its size as the peer knows it. */
  #smallestSize: number;
  #knownSize = INITIAL_TABLE_SIZE;

  constructor({ maxTableSize }: HpackEncoderOptions) {
    this.#ownMaxSize = maxTableSize;
    this.#table = new EncoderTable(maxTableSize);
    this.#table.dynamic.setMaxSize(Math.min(maxTableSize, INITIAL_TABLE_SIZE));
    this.#smallestSize = this.#table.dynamic.maxSize;
  }

  setMaxTableSize(maxTableSize: number): void {
    const size = Math.min(maxTableSize, this.#ownMaxSize);
    this.#table.dynamic.setMaxSize(size);
    this.#smallestSize = Math.min(this.#smallestSize, size);
  }

  encode(fields: HeaderList, neverIndexed: HeaderBlock["neverIndexed"], out: ByteWriter): void {
    const table = this.#table;
    const hints = this.#hints;
    const count = fields.length >> 1;
    const row = (count & (HINTED_LISTS - 1)) * HINTS_OF_LIST;
    out.reserve(2 * MOST_INTEGER_BYTES + count * MOST_INDEX_BYTES);
    if (this.#smallestSize < this.#knownSize || table.dynamic.maxSize !== this.#knownSize) this.#writeUpdates(out);
    let bytes = out.bytes;
    let at = out.length;
    let repeats = neverIndexed === undefined && isRepeating(fields);
    if (repeats) {
      const end = this.#recentLists.write(fields, bytes, at);
      if (end !== -1) {
        out.length = end;
        return;
      }
    }
    const start = at;
    for (let i = 0; i < count; i++) {
      const name = fields[i * 2] ?? "";
      const value = fields[i * 2 + 1] ?? "";
      const hint = row + (i & (HINTS_OF_LIST - 1));
      const never = neverIndexed?.has(name) === true;
      const index = never ? 0 : table.indexAt(hints[hint] ?? 0, name, value);
      if (index !== 0) {
        at = writeInteger(bytes, at, 0x80, 0x7f, index);
        continue;
      }
      out.length = at;
      hints[hint] = this.#writeField(out, name, value, never, count - i);
      bytes = out.bytes;
      repeats &&= (bytes[at] ?? 0) >= 0x80;
      at = out.length;
    }
    out.length = at;
    if (repeats) this.#recentLists.remember(fields, bytes, start, at);
  }

  /**
   * Tells the peer the size of its table from now on, and before that, when it was smaller in between, a size that is not above that. It is 0, and the
   * table is empty then: golang.org/x/net, and so grpc-go, refuses a second update while there are fields in the table (golang/go#29187).
   */
  #writeUpdates(out: ByteWriter): void {
    const { dynamic } = this.#table;
    const size = dynamic.maxSize;
    this.#recentLists.forget();
    if (this.#smallestSize < size && this.#smallestSize < this.#knownSize) {
      dynamic.setMaxSize(0);
      dynamic.setMaxSize(size);
      out.length = writeInteger(out.bytes, out.length, 0x20, 0x1f, 0);
    }
    out.length = writeInteger(out.bytes, out.length, 0x20, 0x1f, size);
    this.#smallestSize = size;
    this.#knownSize = size;
  }

  /** Writes a field that is not where it was the last time, and answers its place; 0: it is in no table. `left`: so many fields follow, with this one. */
  #writeField(out: ByteWriter, name: string, value: string, never: boolean, left: number): number {
    const table = this.#table;
    // Three bytes for a character is what UTF-8 may need: see `writeString`.
    out.reserve((name.length + value.length) * 3 + 3 * MOST_INTEGER_BYTES + left * MOST_INDEX_BYTES);
    if (never || isGuessable(name, value)) {
      writeLiteral(out, 0x10, 0x0f, table.indexOfName(name), name, value);
      return 0;
    }
    const key = keyOf(name, value);
    const place = table.find(key, name, value);
    if (place !== 0) {
      const index = table.indexAt(place, name, value);
      out.length = writeInteger(out.bytes, out.length, 0x80, 0x7f, index);
      return place;
    }
    const index = table.indexOfName(name);
    // A field that fills most of the table would push out all others.
    const fits = name.length + value.length + FIELD_OVERHEAD <= table.dynamic.maxSize * LARGEST_SHARE;
    if (fits && (index === 0 || table.wasSeen(key))) {
      writeLiteral(out, 0x40, 0x3f, index, name, value);
      this.#recentLists.forget();
      return table.add(key, name, value);
    }
    writeLiteral(out, 0, 0x0f, index, name, value);
    return 0;
  }
}

/** Whether a field is a secret that is short enough to be guessed by trying, which is told by what compresses (RFC 7541, section 7.1). */
function isGuessable(name: string, value: string): boolean {
  return value.length < SECRET_BYTES && (name === "authorization" || name === "cookie");
}

/** Writes a literal field: its kind in `flags`, its name by index or, where that is 0, as it is. */
function writeLiteral(out: ByteWriter, flags: number, mask: number, index: number, name: string, value: string): void {
  const { bytes } = out;
  let at = writeInteger(bytes, out.length, flags, mask, index);
  if (index === 0) at = writeString(bytes, at, name);
  out.length = writeString(bytes, at, value);
}

/** Writes a string (section 5.2), and answers where the next byte goes. */
function writeString(bytes: Buffer, start: number, text: string): number {
  const length = text.length;
  const at = writeInteger(bytes, start, 0, 0x7f, length);
  if (length > MOST_CHARACTERS) {
    // As UTF-8, which is as quick as latin-1 and tells by the number of bytes whether all characters were ASCII.
    if (bytes.write(text, at, length * 3) === length) return at + length;
  }
  for (let i = 0; i < length; i++) {
    const character = text.charCodeAt(i);
    bytes[at + i] = character <= 0xff ? character : QUESTION_MARK;
  }
  return at + length;
}
