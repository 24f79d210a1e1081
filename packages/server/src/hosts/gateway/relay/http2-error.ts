import type { ErrorCode } from "./numbers.ts";

/** Something that ends a whole connection (RFC 9113, section 5.4.1). */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: ErrorCode;
  /** `text` says what the peer did, for the debug data of GOAWAY and the log. */
  constructor(code: ErrorCode, text: string) {
    super(text);
    this.code = code;
  }
}

/** Something that ends one stream (RFC 9113, section 5.4.2). */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code: ErrorCode;
  readonly streamId: number;
  constructor(streamId: number, code: ErrorCode, text: string) {
    super(text);
    this.streamId = streamId;
    this.code = code;
  }
}
