import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalHandlerFn, UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { createBase64Decoder } from "../base64-stream.ts";

const TEXT = /application\/grpc-web-text/i;
const BINARY = /application\/grpc-web(?!-text)/i;

/**
 * Lets a handler of gRPC-Web speak its text form too: the same bytes in base64
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md). The content type of a request says how its body is written, and `accept` how
 * the answer shall be; where that says neither, the answer is written as the request was.
 */
export function withGrpcWebText(handler: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => {
    const type = request.header.get("content-type") ?? "";
    const accept = request.header.get("accept") ?? "";
    const isText = TEXT.test(type);
    const answersText = TEXT.test(accept) ? isText || BINARY.test(type) : isText && !BINARY.test(accept);
    const response = await handler(isText ? asBinary(request, type) : request);
    return answersText && response.body ? asText(response, response.body) : response;
  };
}

function asBinary(request: UniversalServerRequest, type: string): UniversalServerRequest {
  const header = new Headers(request.header);
  header.set("content-type", type.replace(TEXT, "application/grpc-web"));
  return { ...request, header, body: decodeBase64(request.body as AsyncIterable<Uint8Array>) };
}

function asText(response: UniversalServerResponse, body: AsyncIterable<Uint8Array>): UniversalServerResponse {
  const header = new Headers(response.header);
  header.set("content-type", (header.get("content-type") ?? "").replace(BINARY, "application/grpc-web-text"));
  return { ...response, header, body: encodeBase64(body) };
}

async function* decodeBase64(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const decoder = createBase64Decoder(notBase64);
  for await (const chunk of body) {
    const bytes = decoder.decode(chunk);
    if (bytes.byteLength > 0) yield bytes;
  }
  decoder.end();
}

/** Every chunk is flushed with padding of its own, as the protocol allows: a client must not wait for the next message to see this one. */
async function* encodeBase64(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) yield Buffer.from(Buffer.from(chunk).toString("base64"), "latin1");
}

function notBase64(): ConnectError {
  return new ConnectError("The body is not base64, as application/grpc-web-text has it.", Code.InvalidArgument);
}
