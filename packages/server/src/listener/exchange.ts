import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { InterposeError } from "@interpose/engine";

/** A request of Node's `http` or `http2`. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** A response of Node's `http` or `http2`. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** What is to be sent back. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string | undefined;
}

/** Sends an answer, without its body to a HEAD, unless the client is gone: a reset HTTP/2 stream throws when it is written to. */
export function send(response: NodeResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent || ("stream" in response && response.stream.destroyed)) return;
  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
  try {
    // The two kinds of response share these methods, but TypeScript can't call a union of overloads.
    const writable = response as ServerResponse;
    writable.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers))
      if (value !== undefined) writable.setHeader(name, value);
    writable.setHeader("content-length", String(body?.byteLength ?? 0));
    // Headers are left to end(): without a body they must be the last frame of an HTTP/2 stream, or gRPC takes them for no trailers.
    writable.end(response.req.method === "HEAD" ? undefined : body);
  } catch (error) {
    response.destroy(error instanceof Error ? error : undefined);
  }
}

/** Breaks an answer off, so that nobody takes it for whole. Over HTTP/2, to destroy it would leave its client, and with it the connection, waiting. */
export function cutOff(response: NodeResponse): void {
  if ("stream" in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** The chunks of a body. To leave a loop over them does not destroy the request, and with it the connection that the answer goes out on. */
export function bodyOf(request: NodeRequest): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

/** Reads a body to its end. A body of more than `maxBytes` throws `message_too_large`, before the rest of it is read. */
export async function readBody(request: NodeRequest, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): InterposeError =>
    new InterposeError(
      "message_too_large",
      `The body is larger than ${maxBytes} bytes. Send less, or raise limits.maxMessageBytes.`,
    );
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of bodyOf(request)) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof InterposeError) throw error;
    throw new InterposeError("bad_request", "The body broke off before its end.", { cause: error });
  }
  return Buffer.concat(chunks, size);
}

/** Most of a body that is thrown away so that its sender comes to the answer. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

/**
 * Once a request is answered, throws away what was not read of its body. Clients that send first and read then would otherwise wait for ever on
 * HTTP/2, and on HTTP/1.1 find the connection reset, or stuck for the next request. One that goes on and on is cut off.
 */
export function discardRest(request: NodeRequest, response: NodeResponse): void {
  const sending = "stream" in response ? response.stream : response;
  sending.once("finish", () => {
    let left = MAX_DISCARDED_BYTES;
    // Whoever stopped reading halfway may still listen, and hold the body up.
    request.removeAllListeners("readable");
    request.on("data", (chunk: Buffer) => {
      left -= chunk.byteLength;
      if (left >= 0) return;
      if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
      else request.destroy();
    });
  });
}

/** Node's headers as the standard's, without HTTP/2's pseudo-headers. `:authority` becomes `host`. */
export function headersFromNode(node: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(node)) {
    if (name === ":authority" && typeof value === "string") headers.set("host", value);
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
}

/** A signal that is aborted when the client goes away before it was answered. */
export function signalOfClient(response: NodeResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    // Not writableFinished: Node says so of every response over HTTP/2 that is closed.
    if (!response.writableEnded) controller.abort();
  });
  return controller.signal;
}
