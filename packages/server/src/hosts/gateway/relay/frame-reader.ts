import { ConnectionError } from "./http2-error.ts";
import { ERROR_CODE, FRAME_HEADER_BYTES } from "./numbers.ts";

/** Is given each frame: its payload is `buffer` from `start` to `end`. */
export type FrameSink = (
  type: number,
  flags: number,
  streamId: number,
  buffer: Buffer,
  start: number,
  end: number,
) => void;

/**
 * Cuts bytes into frames (RFC 9113, section 4.1), however they arrive. A frame that is whole within one chunk is handed on where it
 * stands, as is a payload that is whole; one that is split is put together once. Throws ConnectionError for a frame that is larger than was allowed, before it is read.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxFrame: number;
  /** Header of a frame of which not all nine bytes are there. */
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  /** Payload that is put together. */
  #payload: Buffer | undefined;
  #payloadFilled = 0;

  /** `maxFrame`: largest payload, as announced by SETTINGS_MAX_FRAME_SIZE. */
  constructor(maxFrame: number, sink: FrameSink) {
    this.#maxFrame = maxFrame;
    this.#sink = sink;
  }

  /** Reads a chunk from `at` to its end. */
  read(chunk: Buffer, at = 0): void {
    const end = chunk.byteLength;
    at = this.#finishSplit(chunk, at);
    while (end - at >= FRAME_HEADER_BYTES) {
      const length = this.#lengthOf(chunk, at);
      const start = at + FRAME_HEADER_BYTES;
      if (end - start < length) break;
      this.#emit(chunk, at, chunk, start, start + length);
      at = start + length;
    }
    if (at < end) this.#beginSplit(chunk, at);
  }

  #finishSplit(chunk: Buffer, at: number): number {
    if (this.#headerFilled === 0) return at;
    if (this.#headerFilled < FRAME_HEADER_BYTES) {
      const copied = chunk.copy(this.#header, this.#headerFilled, at, at + FRAME_HEADER_BYTES - this.#headerFilled);
      this.#headerFilled += copied;
      at += copied;
      if (this.#headerFilled < FRAME_HEADER_BYTES) return at;
    }
    const length = this.#lengthOf(this.#header, 0);
    if (!this.#payload && chunk.byteLength - at >= length) {
      // Only the header came apart from it, as in memory: the payload is whole where it stands.
      this.#headerFilled = 0;
      this.#emit(this.#header, 0, chunk, at, at + length);
      return at + length;
    }
    const payload = (this.#payload ??= Buffer.allocUnsafe(length));
    const copied = chunk.copy(payload, this.#payloadFilled, at, at + length - this.#payloadFilled);
    this.#payloadFilled += copied;
    if (this.#payloadFilled < length) return at + copied;
    this.#headerFilled = 0;
    this.#payload = undefined;
    this.#payloadFilled = 0;
    this.#emit(this.#header, 0, payload, 0, length);
    return at + copied;
  }

  #beginSplit(chunk: Buffer, at: number): void {
    this.#headerFilled = chunk.copy(this.#header, 0, at, Math.min(at + FRAME_HEADER_BYTES, chunk.byteLength));
    if (this.#headerFilled < FRAME_HEADER_BYTES) return;
    // A frame that is too large is refused before it is read.
    const length = this.#lengthOf(this.#header, 0);
    if (chunk.byteLength === at + FRAME_HEADER_BYTES) return;
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadFilled = chunk.copy(this.#payload, 0, at + FRAME_HEADER_BYTES);
  }

  #lengthOf(header: Buffer, at: number): number {
    const length = header.readUIntBE(at, 3);
    if (length <= this.#maxFrame) return length;
    throw new ConnectionError(
      ERROR_CODE.FRAME_SIZE_ERROR,
      `a frame of ${length} bytes, where ${this.#maxFrame} are allowed`,
    );
  }

  #emit(header: Buffer, at: number, payload: Buffer, start: number, end: number): void {
    // The first bit of the identifier is reserved, and to be ignored.
    const streamId = header.readUInt32BE(at + 5) & 0x7fff_ffff;
    this.#sink(header[at + 3] ?? 0, header[at + 4] ?? 0, streamId, payload, start, end);
  }
}
