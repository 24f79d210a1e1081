import { toBinary } from "@bufbuild/protobuf";
import { StatusSchema, type Status } from "../gen/google/rpc/status_pb.js";
import { base64 } from "./details.ts";
import { codeFromNumber, detailType } from "./grpc-status.ts";

/** How a call ended as gRPC has it: names and values of the trailers. A success has `grpc-status` alone. */
export function grpcTrailers(status: Status): readonly string[] {
  const fields = ["grpc-status", String(status.code)];
  if (status.message !== "") fields.push("grpc-message", encodeGrpcMessage(status.message));
  if (status.details.length > 0)
    fields.push("grpc-status-details-bin", base64(toBinary(StatusSchema, status)).replace(/=+$/, ""));
  return fields;
}

/** An error as Connect's JSON has it. https://connectrpc.com/docs/protocol/#error-end-stream */
export function connectErrorJson(status: Status): object {
  const code = codeFromNumber(status.code);
  return {
    // Connect spells this one code with a single "l".
    code: code === "cancelled" ? "canceled" : code,
    ...(status.message !== "" && { message: status.message }),
    ...(status.details.length > 0 && {
      details: status.details.map((detail) => ({
        type: detailType(detail),
        value: base64(detail.value).replace(/=+$/, ""),
      })),
    }),
  };
}

/**
 * The last message of a Connect stream, with its prefix: the second flag is set, and its JSON holds the error, if there is one, and the trailers
 * (https://connectrpc.com/docs/protocol/#streaming-response). `trailers`: names and values.
 */
export function connectEndOfStream(status: Status | undefined, trailers: readonly string[] = []): Uint8Array {
  const metadata = new Map<string, string[]>();
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] ?? "";
    metadata.set(name, [...(metadata.get(name) ?? []), trailers[i + 1] ?? ""]);
  }
  const end = {
    ...(status && status.code !== 0 && { error: connectErrorJson(status) }),
    ...(metadata.size > 0 && { metadata: Object.fromEntries(metadata) }),
  };
  return prefixed(0b10, JSON.stringify(end));
}

/**
 * The last frame of a gRPC-Web body: the trailers as HTTP/1.1 writes them, with the highest flag set
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md). `trailers`: names and values.
 */
export function grpcWebTrailers(trailers: readonly string[]): Uint8Array {
  let text = "";
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i] ?? ""}: ${trailers[i + 1] ?? ""}\r\n`;
  return prefixed(0b1000_0000, text);
}

function prefixed(flags: number, text: string): Uint8Array {
  const payload = new TextEncoder().encode(text);
  const framed = new Uint8Array(5 + payload.byteLength);
  framed[0] = flags;
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
