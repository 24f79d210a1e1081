import { InterposeError } from "@interpose/engine";
import { errorResponse, protocolOfRequest, serviceOfRpcPath } from "@interpose/protocol";
import type { RequestHead } from "./relay/header-fields.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { RelayAnswer } from "./relay/interceptor.ts";
import type { RelayFailure } from "./relay/relay.ts";

/** An error as the answer to a call, in the protocol that the call speaks. */
export function answerOfError(
  error: unknown,
  head: RequestHead | undefined,
  contentType: string | undefined,
): RelayAnswer {
  const [path = "", query = ""] = (head?.path ?? "").split("?", 2);
  const protocol = protocolOfRequest({
    method: head?.method ?? "",
    contentType,
    query,
    isRpcPath: serviceOfRpcPath(path) !== undefined,
  });
  const { status, headers, body } = errorResponse(protocol, error, { contentType });
  const fields = [":status", String(status), ...Object.entries(headers).flat()];
  if (body) fields.push("content-length", String(body.byteLength));
  return { head: { fields, neverIndexed: undefined }, body: body && Buffer.from(body) };
}

/** An error as the end of a gRPC response that has begun. */
export function trailersOfError(error: unknown): HeaderBlock {
  const { headers } = errorResponse("grpc", error);
  const fields = Object.entries(headers).filter(([name]) => name.startsWith("grpc-"));
  return { fields: fields.flat(), neverIndexed: undefined };
}

const FAILURES: Readonly<Record<RelayFailure, () => InterposeError>> = {
  unreachable: () =>
    new InterposeError(
      "upstream_unavailable",
      "The API behind this gateway cannot be reached at the moment. Try again shortly.",
    ),
  refused: () =>
    new InterposeError(
      "upstream_unavailable",
      "The API behind this gateway did not take the call, or went away before it answered.",
    ),
  headers_too_large: () =>
    new InterposeError(
      "message_too_large",
      "The headers of the call are larger than the gateway allows. Send fewer, or shorter ones.",
    ),
};

/** What a caller is told whose call could not be relayed. */
export function answerOfFailure(
  failure: RelayFailure,
  head: RequestHead | undefined,
  contentType: string | undefined,
): RelayAnswer {
  return answerOfError(FAILURES[failure](), head, contentType);
}
