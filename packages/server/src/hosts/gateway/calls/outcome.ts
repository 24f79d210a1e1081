import { InterposeError } from "@interpose/engine";
import { errorResponse, type WireProtocol } from "@interpose/protocol";
import { CODING_NAMES } from "../protocols/codings.ts";
import { protocolOf } from "../protocols/index.ts";
import type { RequestHead } from "../relay/header-fields.ts";
import type { RelayAnswer } from "../relay/interceptor.ts";
import type { RelayFailure } from "../relay/relay.ts";

/** Where a protocol says what codings are understood. */
const ACCEPT_FIELDS: Readonly<Record<WireProtocol, string>> = {
  grpc: "grpc-accept-encoding",
  "grpc-web": "grpc-accept-encoding",
  "grpc-web-text": "grpc-accept-encoding",
  "connect-stream": "connect-accept-encoding",
  "connect-unary": "accept-encoding",
  rest: "accept-encoding",
};

/** Content types of calls that can be read. */
const ACCEPTED_TYPES = [
  ...["application/proto", "application/json", "application/connect+proto", "application/connect+json"],
  ...["application/grpc", "application/grpc+proto", "application/grpc+json"],
  ...["application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json", "application/grpc-web-text"],
].join(", ");

/** An error as the answer to a call, in the protocol that the call speaks. */
export function answerOfError(
  error: unknown,
  head: RequestHead | undefined,
  contentType: string | undefined,
): RelayAnswer {
  const protocol = protocolOf({ method: head?.method ?? "", path: head?.path ?? "" }, contentType);
  if (protocol === "connect-unary" && error instanceof InterposeError) {
    if (error.reason === "protocol_not_hooked") return plainAnswer(415, ["accept-post", ACCEPTED_TYPES], error);
    if (error.reason === "verb_not_allowed") return plainAnswer(405, ["allow", error.metadata.allow ?? ""], error);
  }
  const { status, headers, body } = errorResponse(protocol, error, { contentType });
  const fields = [":status", String(status), ...Object.entries(headers).flat()];
  // https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.6
  if (status === 405 && error instanceof InterposeError) fields.push("allow", error.metadata.allow ?? "");
  if (error instanceof InterposeError && error.reason === "coding_unknown")
    fields.push(ACCEPT_FIELDS[protocol], CODING_NAMES.join(","));
  // As RFC 9110, section 11.6.1 wants it.
  if (error instanceof InterposeError && error.code === "unauthenticated") fields.push("www-authenticate", "Bearer");
  if (body) fields.push("content-length", String(body.byteLength));
  const hasBody = body !== undefined && head?.method !== "HEAD";
  return { head: { fields, neverIndexed: undefined }, body: hasBody ? Buffer.from(body) : undefined };
}

/** A request that is none of Connect's, by its verb or content type, has no form of error either (https://connectrpc.com/docs/protocol/#unary-response). */
function plainAnswer(status: number, fields: readonly string[], { message }: InterposeError): RelayAnswer {
  const body = Buffer.from(`${message}\n`);
  const all = [":status", String(status), "content-type", "text/plain", ...fields];
  return { head: { fields: [...all, "content-length", String(body.byteLength)], neverIndexed: undefined }, body };
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
