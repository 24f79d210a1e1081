import type { RequestHead } from "./header-fields.ts";
import type { HeaderBlock } from "./hpack/index.ts";
import type { ErrorCode } from "./numbers.ts";

/** Something that waits until the other side lets it be sent: a part of a body, and what comes behind it. */
export type Held =
  | { readonly kind: "data"; readonly bytes: Buffer; start: number; readonly endStream: boolean }
  | { readonly kind: "trailers"; readonly block: HeaderBlock }
  | { readonly kind: "reset"; readonly code: ErrorCode };

/** What can be done with a stream, by its connection. */
export interface StreamConnection<T> {
  /** Sends a header block: a response, an interim one, or trailers. */
  sendHeaders(stream: Stream<T>, block: HeaderBlock, endStream: boolean): void;
  /** Sends a part of a body, as far as the peer lets us; the rest is held. `ConnectionEvents.sent` tells of what has left. */
  sendData(stream: Stream<T>, bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** Gives the peer credit for bytes of a stream that were used. */
  credit(stream: Stream<T>, bytes: number): void;
  /** Ends a stream from our side, once what is held for it has been sent. */
  resetBehind(stream: Stream<T>, code: ErrorCode): void;
  /** Ends a stream from our side at once. What the peer has sent before it knows is ignored. `ConnectionEvents.reset` is not told. */
  reset(stream: Stream<T>, code: ErrorCode): void;
}

/**
 * One stream of a connection, from its first HEADERS until both sides have ended it or one has reset it (RFC 9113, section 5.1): *open*;
 * *half-closed*, when `sentEnd` or `receivedEnd` is set; *closed*, when both are, or `isReset`. A closed stream is no longer in its connection's table.
 * `T` is what the connection's owner keeps with a stream.
 */
export class Stream<T> {
  readonly id: number;
  readonly connection: StreamConnection<T>;
  /** What belongs to the stream on our side, such as the stream that it is relayed to. */
  owner: T | undefined;
  /** We have sent END_STREAM; the peer has. */
  sentEnd = false;
  receivedEnd = false;
  isReset = false;
  /** A final header block was received: what follows is a body and trailers. */
  receivedHeaders = false;
  /** The request that the peer has begun the stream with; only on a server's side. */
  request: RequestHead | undefined;
  /** Bytes that we may send. Can be negative, after the peer has made its window smaller. */
  sendWindow: number;
  /** Bytes that the peer may send. */
  receiveWindow: number;
  /** Bytes that were received and used, but not given back to the peer's window. */
  uncredited = 0;
  /** Bytes of the body that are still to come, by its `content-length`; -1: not said. */
  remainingBody = -1;
  readonly held: Held[] = [];

  constructor(id: number, connection: StreamConnection<T>, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.connection = connection;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** Whether nothing more can be sent on it. */
  get isClosed(): boolean {
    return this.isReset || (this.sentEnd && this.receivedEnd);
  }
}
