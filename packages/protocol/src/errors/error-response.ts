import { toBinary, toJson } from "@bufbuild/protobuf";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import {
  base64,
  CODE_NUMBERS,
  detailsForConnectJson,
  errorMessage,
  errorRegistry,
  presentable,
  statusFromError,
} from "./details.ts";
import { CONNECT_STATUSES, httpStatus } from "./http-status.ts";
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
          "grpc-status": String(CODE_NUMBERS[shown.code]),
          "grpc-message": encodeGrpcMessage(errorMessage(shown)),
          "grpc-status-details-bin": base64(toBinary(StatusSchema, statusFromError(shown))).replace(/=+$/, ""),
        },
        body: undefined,
      };
    case "connect-unary":
      return {
        status: CONNECT_STATUSES[shown.code],
        headers: { "content-type": "application/json" },
        body: new TextEncoder().encode(JSON.stringify(connectJson(shown))),
      };
    case "connect-stream":
      // A stream always answers 200; its end, a message of its own with the second flag set, holds the error.
      // https://connectrpc.com/docs/protocol/#error-end-stream
      return {
        status: 200,
        headers: { "content-type": contentType ?? "application/connect+json" },
        body: endOfStream(JSON.stringify({ error: connectJson(shown) })),
      };
    case "rest":
      return {
        status: httpStatus(shown.code, shown.reason),
        headers: { "content-type": "application/json" },
        body: new TextEncoder().encode(
          JSON.stringify(toJson(StatusSchema, statusFromError(shown), { registry: errorRegistry })),
        ),
      };
  }
}

function connectJson(error: ReturnType<typeof presentable>): object {
  // Connect spells this one code with a single "l".
  const code = error.code === "cancelled" ? "canceled" : error.code;
  return { code, message: errorMessage(error), details: detailsForConnectJson(error) };
}

function endOfStream(text: string): Uint8Array {
  const payload = new TextEncoder().encode(text);
  const framed = new Uint8Array(5 + payload.byteLength);
  framed[0] = 0b10;
  new DataView(framed.buffer).setUint32(1, payload.byteLength);
  framed.set(payload, 5);
  return framed;
}

/**
 * A text as `grpc-message` carries it: space to tilde stay, but for the percent sign; the rest becomes UTF-8 in percent escapes
 * (PROTOCOL-HTTP2.md, "Percent-Encoded").
 */
export function encodeGrpcMessage(text: string): string {
  let encoded = "";
  for (const byte of new TextEncoder().encode(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
