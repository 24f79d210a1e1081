import type { Registry } from "@bufbuild/protobuf";
import type { Status } from "../gen/google/rpc/status_pb.js";
import { codeFromNumber } from "./grpc-status.ts";
import { connectEndOfStream, connectErrorJson, grpcTrailers } from "./call-end.ts";
import { presentable, statusFromError } from "./details.ts";
import { connectHttpStatus, httpStatus } from "./http-status.ts";
import { statusJson } from "./status-json.ts";
import type { WireProtocol } from "./wire-protocol.ts";

/** A refusal that is ready to be sent. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** What of the request a refusal depends on. */
export interface ErrorResponseContext {
  /** gRPC and gRPC-Web answer in the content type that they were asked in. */
  readonly contentType?: string | undefined;
}

/** Writes an error as the protocol has it, for a call that is refused before its message was read. */
export function errorResponse(
  protocol: WireProtocol,
  error: unknown,
  { contentType }: ErrorResponseContext = {},
): ErrorResponse {
  const shown = presentable(error);
  switch (protocol) {
    case "grpc":
    case "grpc-web":
    case "grpc-web-text":
      // "Trailers-Only": with no message before them, the trailers are the headers, and there is no body.
      // https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses
      return {
        status: 200,
        headers: {
          "content-type": contentType ?? `application/${protocol}`,
          ...fieldsOf(grpcTrailers(statusFromError(shown))),
        },
        body: undefined,
      };
    case "connect-unary":
      return {
        status: connectHttpStatus(shown.code, shown.reason),
        headers: { "content-type": "application/json" },
        body: new TextEncoder().encode(JSON.stringify(connectErrorJson(statusFromError(shown)))),
      };
    case "connect-stream":
      // A stream always answers 200; its end, a message of its own with the second flag set, holds the error.
      // https://connectrpc.com/docs/protocol/#error-end-stream
      return {
        status: 200,
        headers: { "content-type": contentType ?? "application/connect+json" },
        body: connectEndOfStream(statusFromError(shown)),
      };
    case "rest":
      return { ...restErrorFromStatus(statusFromError(shown)), status: httpStatus(shown.code, shown.reason) };
  }
}

function fieldsOf(pairs: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) fields[pairs[i] ?? ""] = pairs[i + 1] ?? "";
  return fields;
}

/** `google.rpc.Status` as the answer to a call over REST. `registry`: the API's types. */
export function restErrorFromStatus(status: Status, registry?: Registry): ErrorResponse {
  return {
    status: httpStatus(codeFromNumber(status.code)),
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(statusJson(status, registry))),
  };
}
