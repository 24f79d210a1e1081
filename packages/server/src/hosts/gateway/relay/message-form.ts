import { faultOfTrailers, readRequestHead, readResponseHead } from "./header-fields.ts";
import { StreamError } from "./http2-error.ts";
import { ERROR_CODE } from "./numbers.ts";
import { rememberLast } from "./remember-last.ts";
import type { Stream } from "./stream.ts";

/** Checks what comes on the streams of one connection: a head, a body of the length that it says, and trailers (RFC 9113, section 8.1). */
export interface MessageForm {
  /** Takes a header block, and notes in the stream what it says. Throws StreamError for what an intermediary must not hand on. */
  headers<T>(stream: Stream<T>, fields: readonly string[], endStream: boolean): void;
  /** Takes a part of a body. Throws StreamError when it is not of the length that was announced. */
  data<T>(stream: Stream<T>, size: number, endStream: boolean): void;
}

/** `peer`: who sends; clients send requests, servers responses. What was found out of a header block that repeats is remembered. */
export function createMessageForm(peer: "client" | "server"): MessageForm {
  const requestHead = rememberLast(readRequestHead);
  const responseHead = rememberLast(readResponseHead);
  const trailersFault = rememberLast(faultOfTrailers);

  function trailers<T>(stream: Stream<T>, fields: readonly string[], endStream: boolean): void {
    const fault = endStream ? trailersFault(fields) : "a second header block that does not end the stream";
    if (fault !== undefined) throw malformed(stream, fault);
    if (stream.remainingBody > 0) throw malformed(stream, "a body that is shorter than content-length");
  }

  function request<T>(stream: Stream<T>, fields: readonly string[], endStream: boolean): void {
    const head = requestHead(fields);
    if (typeof head === "string") throw malformed(stream, head);
    if (endStream && head.contentLength > 0)
      throw malformed(stream, "no body, where content-length says that there is one");
    stream.receivedHeaders = true;
    stream.remainingBody = head.contentLength;
    stream.request = head;
  }

  function response<T>(stream: Stream<T>, fields: readonly string[], endStream: boolean): void {
    const head = responseHead(fields);
    if (typeof head === "string") throw malformed(stream, head);
    if (head.status < 200 && endStream) throw malformed(stream, "an interim response that ends the stream");
    // An interim response (1xx) comes before the one that counts.
    stream.receivedHeaders = head.status >= 200;
  }

  return {
    headers(stream, fields, endStream) {
      if (stream.receivedHeaders) trailers(stream, fields, endStream);
      else if (peer === "client") request(stream, fields, endStream);
      else response(stream, fields, endStream);
    },
    data(stream, size, endStream) {
      if (!stream.receivedHeaders) throw malformed(stream, "DATA before HEADERS");
      if (stream.remainingBody < 0) return;
      stream.remainingBody -= size;
      if (stream.remainingBody < 0 || (endStream && stream.remainingBody > 0))
        throw malformed(stream, "a body of another length than content-length");
    },
  };
}

function malformed<T>(stream: Stream<T>, text: string): StreamError {
  return new StreamError(stream.id, ERROR_CODE.PROTOCOL_ERROR, text);
}
