import { FrameReader } from "./frame-reader.ts";
import { HeaderBlocks, type ReceivedBlock } from "./header-blocks.ts";
import { ConnectionError, StreamError } from "./http2-error.ts";
import type { ConnectionLimits } from "./limits.ts";
import { ERROR_CODE, FLAG, FRAME, LEAST_MAX_FRAME, PREFACE, type ErrorCode } from "./numbers.ts";

/** What frames mean, once their form is known to be right. Each may throw ConnectionError or StreamError. */
export interface FrameHandlers {
  /** `size` is what counts for the windows: padding is part of it. */
  data(streamId: number, bytes: Buffer, start: number, end: number, size: number, endStream: boolean): void;
  block(received: ReceivedBlock): void;
  rstStream(streamId: number, code: ErrorCode): void;
  settings(payload: Buffer, start: number, end: number): void;
  ping(payload: Buffer, start: number, end: number): void;
  goaway(lastStreamId: number, code: ErrorCode): void;
  windowUpdate(streamId: number, increment: number): void;
  /** A frame that asks for nothing and does nothing. */
  useless(): void;
  /** A frame has broken a rule that ends its stream. */
  streamError(error: StreamError): void;
}

const RESERVED_BIT = 0x7fff_ffff;

/**
 * Reads a connection's bytes: the preface, if a client sends it, and then frames, of which each has its form checked (RFC 9113, section 6) before
 * it is handed on. Throws ConnectionError.
 */
export class Receiver {
  readonly #handlers: FrameHandlers;
  readonly #reader: FrameReader;
  readonly #blocks: HeaderBlocks;
  /** Bytes of a client's preface that are still to come. */
  #prefaceLeft: number;
  #gotSettings = false;
  #isOver = false;

  constructor(
    handlers: FrameHandlers,
    limits: ConnectionLimits,
    { expectPreface }: { readonly expectPreface: boolean },
  ) {
    this.#handlers = handlers;
    this.#reader = new FrameReader(LEAST_MAX_FRAME, this.#frame);
    this.#blocks = new HeaderBlocks(limits);
    this.#prefaceLeft = expectPreface ? PREFACE.byteLength : 0;
  }

  /** Whether the peer has sent its settings, and so has agreed to speak HTTP/2. */
  get gotSettings(): boolean {
    return this.#gotSettings;
  }

  /** Reads what came in. */
  read(chunk: Buffer): void {
    this.#reader.read(chunk, this.#prefaceLeft > 0 ? this.#readPreface(chunk) : 0);
  }

  /** Nothing is read any more, not even what is left of the present chunk. */
  stop(): void {
    this.#isOver = true;
  }

  #readPreface(chunk: Buffer): number {
    const at = PREFACE.byteLength - this.#prefaceLeft;
    const size = Math.min(this.#prefaceLeft, chunk.byteLength);
    if (PREFACE.compare(chunk, 0, size, at, at + size) !== 0)
      throw protocolError("what came first is not the preface of HTTP/2");
    this.#prefaceLeft -= size;
    return size;
  }

  readonly #frame = (
    type: number,
    flags: number,
    streamId: number,
    payload: Buffer,
    start: number,
    end: number,
  ): void => {
    if (this.#isOver) return;
    try {
      this.#dispatch(type, flags, streamId, payload, start, end);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#handlers.streamError(error);
    }
  };

  #dispatch(type: number, flags: number, streamId: number, payload: Buffer, start: number, end: number): void {
    if (!this.#gotSettings && (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0))
      throw protocolError("the first frame is not SETTINGS");
    if (this.#blocks.openStream !== undefined && type !== FRAME.CONTINUATION)
      throw protocolError("another frame within a header block");
    switch (type) {
      case FRAME.DATA:
        this.#data(flags, streamId, payload, start, end);
        break;
      case FRAME.HEADERS:
        this.#headers(flags, streamId, payload, start, end);
        break;
      case FRAME.PRIORITY:
        this.#priority(streamId, payload, start, end);
        break;
      case FRAME.RST_STREAM:
        if (streamId === 0) throw protocolError("RST_STREAM on stream 0");
        assertSize("RST_STREAM", end - start, 4);
        this.#handlers.rstStream(streamId, payload.readUInt32BE(start));
        break;
      case FRAME.SETTINGS:
        this.#settings(flags, streamId, payload, start, end);
        break;
      case FRAME.PUSH_PROMISE:
        throw protocolError("PUSH_PROMISE, which was not allowed");
      case FRAME.PING:
        if (streamId !== 0) throw protocolError("PING on a stream");
        assertSize("PING", end - start, 8);
        if ((flags & FLAG.ACK) === 0) this.#handlers.ping(payload, start, end);
        break;
      case FRAME.GOAWAY:
        if (streamId !== 0) throw protocolError("GOAWAY on a stream");
        if (end - start < 8) throw new ConnectionError(ERROR_CODE.FRAME_SIZE_ERROR, "GOAWAY of less than 8 bytes");
        this.#handlers.goaway(payload.readUInt32BE(start) & RESERVED_BIT, payload.readUInt32BE(start + 4));
        break;
      case FRAME.WINDOW_UPDATE:
        this.#windowUpdate(streamId, payload, start, end);
        break;
      case FRAME.CONTINUATION:
        this.#block(this.#blocks.continue(streamId, flags, payload, start, end));
        break;
      default:
        // Types that nobody knows are ignored (RFC 9113, section 4.1).
        this.#handlers.useless();
    }
  }

  #data(flags: number, streamId: number, payload: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError("DATA on stream 0");
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    const isPadded = (flags & FLAG.PADDED) !== 0;
    const to = isPadded ? end - paddingOf(payload, start, end) : end;
    this.#handlers.data(streamId, payload, isPadded ? start + 1 : start, to, end - start, endStream);
  }

  #headers(flags: number, streamId: number, payload: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError("HEADERS on stream 0");
    const isPadded = (flags & FLAG.PADDED) !== 0;
    const to = isPadded ? end - paddingOf(payload, start, end) : end;
    const from = isPadded ? start + 1 : start;
    if ((flags & FLAG.PRIORITY) === 0) {
      this.#block(this.#blocks.begin(streamId, flags, payload, from, to));
      return;
    }
    if (to - from < 5) throw new ConnectionError(ERROR_CODE.FRAME_SIZE_ERROR, "HEADERS too short for its priority");
    // The block is read in any case: the table of its sender has changed with it.
    this.#block(this.#blocks.begin(streamId, flags, payload, from + 5, to));
    refuseOwnDependency(streamId, payload, from);
  }

  #block(received: ReceivedBlock | undefined): void {
    if (received) this.#handlers.block(received);
  }

  #priority(streamId: number, payload: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError("PRIORITY on stream 0");
    if (end - start !== 5)
      throw new StreamError(streamId, ERROR_CODE.FRAME_SIZE_ERROR, "PRIORITY of another size than 5");
    refuseOwnDependency(streamId, payload, start);
    this.#handlers.useless();
  }

  #settings(flags: number, streamId: number, payload: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw protocolError("SETTINGS on a stream");
    const size = end - start;
    if ((flags & FLAG.ACK) !== 0) {
      assertSize("SETTINGS that acknowledges", size, 0);
      return;
    }
    if (size % 6 !== 0)
      throw new ConnectionError(ERROR_CODE.FRAME_SIZE_ERROR, "SETTINGS of a size that is no multiple of 6");
    if (this.#gotSettings) this.#handlers.useless();
    this.#gotSettings = true;
    this.#handlers.settings(payload, start, end);
  }

  #windowUpdate(streamId: number, payload: Buffer, start: number, end: number): void {
    assertSize("WINDOW_UPDATE", end - start, 4);
    const increment = payload.readUInt32BE(start) & RESERVED_BIT;
    if (increment === 0 && streamId === 0) throw protocolError("WINDOW_UPDATE of 0 for the connection");
    this.#handlers.windowUpdate(streamId, increment);
  }
}

/** A rule that ends the connection. */
export function protocolError(text: string): ConnectionError {
  return new ConnectionError(ERROR_CODE.PROTOCOL_ERROR, text);
}

function assertSize(name: string, size: number, right: number): void {
  if (size !== right) throw new ConnectionError(ERROR_CODE.FRAME_SIZE_ERROR, `${name} of another size than ${right}`);
}

/** Bytes of padding behind what a padded frame carries (RFC 9113, section 6.1). */
function paddingOf(payload: Buffer, start: number, end: number): number {
  const padding = payload[start] ?? 0;
  if (start === end || padding > end - start - 1) throw protocolError("more padding than the frame is long");
  return padding;
}

function refuseOwnDependency(streamId: number, payload: Buffer, at: number): void {
  if ((payload.readUInt32BE(at) & RESERVED_BIT) === streamId)
    throw new StreamError(streamId, ERROR_CODE.PROTOCOL_ERROR, "a stream that depends on itself");
}
