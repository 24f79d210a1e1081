import type { HeaderBlock } from "./hpack/index.ts";
import type { ConnectionError } from "./http2-error.ts";
import type { ErrorCode } from "./numbers.ts";
import type { Output } from "./output.ts";
import type { Stream } from "./stream.ts";

/** What of a connection concerns whoever carries its bytes. */
export interface WiredConnection {
  /** What is to be sent. It is taken after each call into the connection. */
  readonly output: Output;
  /** Why the connection is closed. */
  readonly error: ConnectionError | undefined;
  /** Reads what came in. `now` is in milliseconds, and never goes back. */
  receive(chunk: Buffer, now: number): void;
  /** Whether what carries the bytes takes more of them. While it does not, bodies are held, and so their senders get no credit. */
  setWritable(writable: boolean): void;
  /** There is no way to the other end any more. All streams are told. */
  lost(): void;
}

/** What the owner of a connection is told. None of it may throw. */
export interface ConnectionEvents<T> {
  /** A header block: of a request, a response, an interim response (1xx), or trailers. */
  headers(stream: Stream<T>, block: HeaderBlock, endStream: boolean): void;
  /** A new stream whose header block is larger than the limit. The stream is open, and to be answered or reset. */
  headersTooLarge(stream: Stream<T>): void;
  /** A part of a body. The bytes belong to the connection again when the function returns, but for what the other connection's `data` has taken. */
  data(stream: Stream<T>, bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** Bytes of a body that we send have left for the socket: its sender can have credit for them. */
  sent(stream: Stream<T>, bytes: number): void;
  /** The stream is over before its end: reset by the peer, by us for a fault of the peer's, or with its connection. */
  reset(stream: Stream<T>, code: ErrorCode): void;
  /** There is something to be sent, after there was nothing: whoever owns the socket shall take it when the present work is done. */
  output(connection: WiredConnection): void;
  /** A stream can perhaps be begun that could not be before: the peer's settings are there, or a stream has ended. Only of a client's side. */
  room(): void;
  /** The peer takes no more new streams. Those that it has not seen were told before, with REFUSED_STREAM. */
  goaway(code: ErrorCode): void;
}
