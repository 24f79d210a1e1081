import { FRAME, FRAME_HEADER_BYTES, type ErrorCode } from "./numbers.ts";

/** Size of the blocks in which small frames are collected. */
const BLOCK_BYTES = 32 * 1024;
/** Payloads up to this size are copied beside their frame's header; larger ones are sent as they are, without a copy. */
const COPY_BYTES = 2 * 1024;

/** Bytes that a connection wants to send, in order. Frames are appended to it, and whoever owns the socket takes what is there. */
export class Output {
  #block: Buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  /** Where the part of the block begins that was not taken yet, and where the next byte goes. */
  #taken = 0;
  #end = 0;
  #chunks: Buffer[] = [];
  #length = 0;
  readonly #onFirst: () => void;

  /** `onFirst` is called when there are bytes again after there were none. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Takes all bytes that wait. They are never written to again. */
  take(): readonly Buffer[] {
    this.#closeChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    return chunks;
  }

  /** Appends bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.byteLength);
    this.#block.set(bytes, at);
  }

  /** Appends a frame whose payload is part of a buffer, which must not change any more. */
  frame(type: number, flags: number, streamId: number, payload: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size <= COPY_BYTES) {
      this.copiedFrame(type, flags, streamId, payload, start, end);
      return;
    }
    const at = this.#reserve(FRAME_HEADER_BYTES);
    writeHeader(this.#block, at, size, type, flags, streamId);
    this.#closeChunk();
    this.#chunks.push(payload.subarray(start, end));
    this.#length += size;
  }

  /** Appends a frame whose payload is copied, whatever its size. */
  copiedFrame(type: number, flags: number, streamId: number, payload: Buffer, start: number, end: number): void {
    const at = this.#reserve(FRAME_HEADER_BYTES + end - start);
    writeHeader(this.#block, at, end - start, type, flags, streamId);
    payload.copy(this.#block, at + FRAME_HEADER_BYTES, start, end);
  }

  /** Appends a frame without a payload. */
  emptyFrame(type: number, flags: number, streamId: number): void {
    const at = this.#reserve(FRAME_HEADER_BYTES);
    writeHeader(this.#block, at, 0, type, flags, streamId);
  }

  /** Appends RST_STREAM (section 6.4). */
  rstStream(streamId: number, code: ErrorCode): void {
    const at = this.#reserve(FRAME_HEADER_BYTES + 4);
    writeHeader(this.#block, at, 4, FRAME.RST_STREAM, 0, streamId);
    this.#block.writeUInt32BE(code >>> 0, at + FRAME_HEADER_BYTES);
  }

  /** Appends WINDOW_UPDATE (section 6.9). Stream 0 is the connection. */
  windowUpdate(streamId: number, increment: number): void {
    const at = this.#reserve(FRAME_HEADER_BYTES + 4);
    writeHeader(this.#block, at, 4, FRAME.WINDOW_UPDATE, 0, streamId);
    this.#block.writeUInt32BE(increment, at + FRAME_HEADER_BYTES);
  }

  /** Appends GOAWAY (section 6.8), with a text for whoever debugs the other side. */
  goaway(lastStreamId: number, code: ErrorCode, text: string): void {
    const debug = Buffer.from(text);
    const at = this.#reserve(FRAME_HEADER_BYTES + 8 + debug.byteLength);
    writeHeader(this.#block, at, 8 + debug.byteLength, FRAME.GOAWAY, 0, 0);
    this.#block.writeUInt32BE(lastStreamId, at + FRAME_HEADER_BYTES);
    this.#block.writeUInt32BE(code >>> 0, at + FRAME_HEADER_BYTES + 4);
    debug.copy(this.#block, at + FRAME_HEADER_BYTES + 8);
  }

  /** Appends SETTINGS (section 6.5) with the given pairs of identifier and value. */
  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    const at = this.#reserve(FRAME_HEADER_BYTES + pairs.length * 6);
    writeHeader(this.#block, at, pairs.length * 6, FRAME.SETTINGS, 0, 0);
    for (const [i, [id, value]] of pairs.entries()) {
      this.#block.writeUInt16BE(id, at + FRAME_HEADER_BYTES + i * 6);
      this.#block.writeUInt32BE(value, at + FRAME_HEADER_BYTES + i * 6 + 2);
    }
  }

  /** Makes room for `size` bytes in one piece, and answers where they go. */
  #reserve(size: number): number {
    if (this.#end + size > this.#block.byteLength) {
      this.#closeChunk();
      // A block that was handed out is never written to again: what was sent of it may still be on its way.
      this.#block = Buffer.allocUnsafe(Math.max(BLOCK_BYTES, size));
      this.#taken = 0;
      this.#end = 0;
    }
    const at = this.#end;
    this.#end += size;
    if (this.#length === 0) this.#onFirst();
    this.#length += size;
    return at;
  }

  #closeChunk(): void {
    if (this.#taken === this.#end) return;
    this.#chunks.push(this.#block.subarray(this.#taken, this.#end));
    this.#taken = this.#end;
  }
}

function writeHeader(block: Buffer, at: number, length: number, type: number, flags: number, streamId: number): void {
  block[at] = length >>> 16;
  block[at + 1] = length >>> 8;
  block[at + 2] = length;
  block[at + 3] = type;
  block[at + 4] = flags;
  block[at + 5] = streamId >>> 24;
  block[at + 6] = streamId >>> 16;
  block[at + 7] = streamId >>> 8;
  block[at + 8] = streamId;
}
