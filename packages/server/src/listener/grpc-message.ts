import type { UniversalHandlerFn } from "@connectrpc/connect/protocol";
import { encodeGrpcMessage } from "@interpose/protocol";

/**
 * Writes `grpc-message` with the escapes that gRPC asks for and no others. Connect escapes all that a URL would, and @grpc/grpc-js, which expects
 * a colon to be a colon, would show "%3A" to people.
 */
export function withPlainGrpcMessage(handler: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => {
    const response = await handler(request);
    const { body, trailer } = response;
    return body && trailer ? { ...response, body: rewrittenAtEnd(body, trailer) } : response;
  };
}

/** The trailer is complete once the body is, and sent after it. */
async function* rewrittenAtEnd(body: AsyncIterable<Uint8Array>, trailer: Headers): AsyncIterable<Uint8Array> {
  yield* body;
  const escaped = trailer.get("grpc-message");
  if (escaped !== null) trailer.set("grpc-message", encodeGrpcMessage(decodeURIComponent(escaped)));
}
