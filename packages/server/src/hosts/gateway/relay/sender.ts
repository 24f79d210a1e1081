import { ByteWriter, createHpackEncoder, type HeaderBlock, type HpackEncoder } from "./hpack/index.ts";
import { ConnectionError, StreamError } from "./http2-error.ts";
import { DEFAULT_WINDOW, ERROR_CODE, FLAG, FRAME, LARGEST_WINDOW, type ErrorCode } from "./numbers.ts";
import { Output } from "./output.ts";
import { defaultPeerSettings, type PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** Largest table that we encode with, whatever the peer would hold: a larger one finds little more, and costs memory on both sides. */
const LARGEST_TABLE = 4096;
/** Parts of a chunk up to this size are copied when they are held. */
const COPY_WHEN_HELD = 16 * 1024;

/** What a sender tells. */
export interface SenderEvents<T> {
  /** There is something to be sent, after there was nothing. */
  readonly onOutput: () => void;
  /** Bytes of a body are in the output. */
  readonly onSent: (stream: Stream<T>, bytes: number) => void;
  /** The end of a stream is in the output. */
  readonly onEnded: (stream: Stream<T>) => void;
  /** A stream is to be reset, as `resetBehind` has asked. */
  readonly onReset: (stream: Stream<T>, code: ErrorCode) => void;
}

/**
 * The sending half of a connection: header blocks, and bodies within the peer's windows (RFC 9113, section 5.2). What may not be sent yet is held with its
 * stream, in order, and goes out when the peer gives credit, or when the owner of the socket says that it takes bytes again.
 */
export class Sender<T> {
  readonly output: Output;
  /** What the peer has announced. */
  readonly peer: PeerSettings = defaultPeerSettings();
  readonly #onSent: (stream: Stream<T>, bytes: number) => void;
  readonly #onEnded: (stream: Stream<T>) => void;
  readonly #onReset: (stream: Stream<T>, code: ErrorCode) => void;
  readonly #encoder: HpackEncoder = createHpackEncoder({ maxTableSize: LARGEST_TABLE });
  readonly #block = new ByteWriter();
  /** Streams with something held. Whoever has sent some goes to the end, so that all get their turn. */
  readonly #waiting = new Set<Stream<T>>();
  #window = DEFAULT_WINDOW;
  #writable = true;

  constructor({ onOutput, onSent, onEnded, onReset }: SenderEvents<T>) {
    this.output = new Output(onOutput);
    this.#onSent = onSent;
    this.#onEnded = onEnded;
    this.#onReset = onReset;
  }

  /** Sends a header block; behind a body that is held, it waits for its turn. */
  headers(stream: Stream<T>, block: HeaderBlock, endStream: boolean): void {
    if (stream.held.length > 0) stream.held.push({ kind: "trailers", block });
    else this.#writeHeaders(stream, block, endStream);
  }

  /** Sends a part of a body as far as the windows allow, and holds the rest. */
  data(stream: Stream<T>, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const sent = stream.held.length === 0 ? this.#writeData(stream, bytes, start, end, endStream) : 0;
    if (stream.held.length === 0 && start + sent === end) return;
    // A small part is copied, so that it does not keep the whole chunk that it came in.
    const rest = bytes.subarray(start + sent, end);
    const kept = rest.byteLength <= COPY_WHEN_HELD ? Buffer.from(rest) : rest;
    stream.held.push({ kind: "data", bytes: kept, start: 0, endStream });
    this.#waiting.add(stream);
  }

  /** Has `onReset` called once what is held for a stream was sent; at once where nothing is. */
  resetBehind(stream: Stream<T>, code: ErrorCode): void {
    if (stream.held.length > 0) stream.held.push({ kind: "reset", code });
    else this.#onReset(stream, code);
  }

  /** Forgets what is held for a stream that is over. */
  drop(stream: Stream<T>): void {
    stream.held.length = 0;
    this.#waiting.delete(stream);
  }

  /** Whether the socket takes bytes. While it does not, bodies are held, and so their senders get no credit. */
  setWritable(writable: boolean): void {
    this.#writable = writable;
    if (writable) this.#sendHeld();
  }

  /** Applies credit for the connection. Throws ConnectionError when there would be more than there can be. */
  creditConnection(increment: number): void {
    this.#window += increment;
    if (this.#window > LARGEST_WINDOW)
      throw new ConnectionError(ERROR_CODE.FLOW_CONTROL_ERROR, "more credit for the connection than there can be");
    this.#sendHeld();
  }

  /** Applies credit for a stream. Throws StreamError when there would be more than there can be. */
  creditStream(stream: Stream<T>, increment: number): void {
    stream.sendWindow += increment;
    if (stream.sendWindow > LARGEST_WINDOW)
      throw new StreamError(stream.id, ERROR_CODE.FLOW_CONTROL_ERROR, "more credit for a stream than there can be");
    if (stream.held.length > 0) this.#sendHeldOf(stream);
  }

  /** The peer's SETTINGS were applied to `peer`: streams get, or lose, the difference of their windows (RFC 9113, section 6.9.2). */
  settingsChanged(previousWindow: number, streams: Iterable<Stream<T>>): void {
    this.#encoder.setMaxTableSize(Math.min(LARGEST_TABLE, this.peer.headerTableSize));
    const difference = this.peer.initialWindow - previousWindow;
    if (difference === 0) return;
    for (const stream of streams) {
      stream.sendWindow += difference;
      if (stream.sendWindow > LARGEST_WINDOW)
        throw new ConnectionError(
          ERROR_CODE.FLOW_CONTROL_ERROR,
          "SETTINGS_INITIAL_WINDOW_SIZE makes a window too large",
        );
    }
    if (difference > 0) this.#sendHeld();
  }

  #sendHeld(): void {
    for (const stream of [...this.#waiting]) {
      if (this.#window <= 0 || !this.#writable) return;
      this.#sendHeldOf(stream);
    }
  }

  #sendHeldOf(stream: Stream<T>): void {
    for (let first = stream.held[0]; first; first = stream.held[0]) {
      if (first.kind === "trailers") {
        stream.held.shift();
        this.#waiting.delete(stream);
        this.#writeHeaders(stream, first.block, true);
        return;
      }
      if (first.kind === "reset") {
        this.#onReset(stream, first.code);
        return;
      }
      const { bytes, start, endStream } = first;
      const sent = this.#writeData(stream, bytes, start, bytes.byteLength, endStream);
      if (start + sent < bytes.byteLength) {
        first.start += sent;
        // To the end of the line.
        this.#waiting.delete(stream);
        this.#waiting.add(stream);
        return;
      }
      stream.held.shift();
    }
    this.#waiting.delete(stream);
  }

  /** Writes as much as the windows allow, in frames of the peer's size. Answers how many bytes that was. */
  #writeData(stream: Stream<T>, bytes: Buffer, start: number, end: number, endStream: boolean): number {
    // An end without bytes needs no credit.
    if (start === end) {
      if (endStream) {
        this.output.emptyFrame(FRAME.DATA, FLAG.END_STREAM, stream.id);
        this.#ended(stream);
      }
      return 0;
    }
    if (!this.#writable) return 0;
    const allowed = Math.min(end - start, this.#window, stream.sendWindow);
    if (allowed <= 0) return 0;
    for (let at = start; at < start + allowed;) {
      const next = Math.min(at + this.peer.maxFrame, start + allowed);
      const isEnd = endStream && next === end;
      this.output.frame(FRAME.DATA, isEnd ? FLAG.END_STREAM : 0, stream.id, bytes, at, next);
      at = next;
    }
    this.#window -= allowed;
    stream.sendWindow -= allowed;
    this.#onSent(stream, allowed);
    if (endStream && start + allowed === end) this.#ended(stream);
    return allowed;
  }

  #writeHeaders(stream: Stream<T>, block: HeaderBlock, endStream: boolean): void {
    this.#block.length = 0;
    this.#encoder.encode(block.fields, block.neverIndexed, this.#block);
    const { bytes, length } = this.#block;
    const most = this.peer.maxFrame;
    const end = endStream ? FLAG.END_STREAM : 0;
    this.output.copiedFrame(
      FRAME.HEADERS,
      end | (length <= most ? FLAG.END_HEADERS : 0),
      stream.id,
      bytes,
      0,
      Math.min(length, most),
    );
    for (let at = most; at < length; at += most) {
      const isLast = at + most >= length;
      const flags = isLast ? FLAG.END_HEADERS : 0;
      this.output.copiedFrame(FRAME.CONTINUATION, flags, stream.id, bytes, at, Math.min(length, at + most));
    }
    if (endStream) this.#ended(stream);
  }

  #ended(stream: Stream<T>): void {
    stream.sentEnd = true;
    this.#onEnded(stream);
  }
}
