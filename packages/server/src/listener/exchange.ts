import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
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
  readonly trailers?: Readonly<Record<string, string>> | undefined;
}

/** Sends an answer, unless the client is gone: a reset HTTP/2 stream throws when it is written to. */
export function send(response: NodeResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent || ("stream" in response && response.stream.destroyed)) return;
  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
  const length = answer.trailers ? {} : { "content-length": String(body?.byteLength ?? 0) };
  try {
    // The two kinds of response share these methods, but TypeScript can't call a union of overloads.
    const writable = response as ServerResponse;
    writable.writeHead(answer.status, { ...answer.headers, ...length });
    if (answer.trailers) writable.addTrailers(answer.trailers);
    writable.end(body);
  } catch (error) {
    response.destroy(error instanceof Error ? error : undefined);
  }
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
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
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
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
