import { create, fromBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { RpcCode } from "@interpose/engine";
import { StatusSchema, type Status } from "../gen/google/rpc/status_pb.js";
import { CODE_NUMBERS } from "./details.ts";

/** How a gRPC call ended, as its trailers (or the headers of an answer that is nothing else) say. */
export interface GrpcTrailers {
  /** `grpc-status` */
  readonly status: string | undefined;
  /** `grpc-message`, as it came: percent-encoded. */
  readonly message?: string | undefined;
  /** `grpc-status-details-bin`, as it came: in base64. */
  readonly details?: string | undefined;
  /** HTTP status of the answer, which says something where there is no `grpc-status`: a proxy may have written it. */
  readonly httpStatus?: number | undefined;
}

/**
 * A call's end as `google.rpc.Status`; code 0 for a success. The details' own code and message count before those of the headers, as with
 * grpc-go and Connect, but a failure that they call a success stays a failure. Whatever is garbage counts as left out, and a code that gRPC does not know is UNKNOWN.
 */
export function statusFromGrpc({ status, message, details, httpStatus }: GrpcTrailers): Status {
  const code = status === undefined ? codeFromHttp(httpStatus) : codeFromText(status);
  const text =
    message === undefined
      ? status === undefined
        ? `The answer has no grpc-status${httpStatus === undefined ? "" : `, and HTTP's status is ${httpStatus}`}.`
        : ""
      : decodeGrpcMessage(message);
  if (code === 0) return create(StatusSchema);
  const detailed = details === undefined ? undefined : statusFromDetails(details);
  if (!detailed || detailed.code === 0)
    return create(StatusSchema, { code, message: text, details: detailed?.details ?? [] });
  return create(StatusSchema, {
    code: codeName(detailed.code) === undefined ? CODE_NUMBERS.unknown : detailed.code,
    message: detailed.message === "" ? text : detailed.message,
    details: detailed.details,
  });
}

const NAMES = new Map(Object.entries(CODE_NUMBERS).map(([name, number]) => [number, name as RpcCode]));

function codeName(code: number): RpcCode | undefined {
  return NAMES.get(code);
}

/** The name of a code's number; `unknown` for a number that gRPC does not know. 0 is no error, and has no name. */
export function codeFromNumber(code: number): RpcCode {
  return codeName(code) ?? "unknown";
}

function codeFromText(text: string): number {
  const code = /^\d{1,10}$/.test(text.trim()) ? Number(text) : CODE_NUMBERS.unknown;
  return code === 0 || codeName(code) !== undefined ? code : CODE_NUMBERS.unknown;
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const OF_HTTP: Readonly<Record<number, RpcCode>> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  429: "unavailable",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

function codeFromHttp(status: number | undefined): number {
  return CODE_NUMBERS[OF_HTTP[status ?? 0] ?? "unknown"];
}

/** `google.rpc.Status` from the base64 of a `-bin` header, padded or not. Undefined for what is none. */
function statusFromDetails(text: string): Status | undefined {
  const bytes = binaryHeader(text);
  if (!bytes) return undefined;
  try {
    return fromBinary(StatusSchema, bytes);
  } catch {
    return undefined;
  }
}

/**
 * The bytes of one value of a header that ends in `-bin`. Padded base64 is accepted as well as unpadded (PROTOCOL-HTTP2.md, "Binary-Header").
 * Undefined for what is not base64.
 */
export function binaryHeader(text: string): Uint8Array | undefined {
  const plain = text.trim().replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) return undefined;
  return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
}

/**
 * The text that `grpc-message` carries. An escape that is none stays as it is, and bytes that are not UTF-8 become replacement characters: what an
 * error says must never be lost by how it says it (PROTOCOL-HTTP2.md, "Percent-Encoded").
 */
export function decodeGrpcMessage(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  const bytes: number[] = [];
  const given = new TextEncoder().encode(encoded);
  for (let i = 0; i < given.byteLength; i++) {
    const escape =
      given[i] === 0x25 ? /^[0-9A-Fa-f]{2}$/.exec(String.fromCharCode(given[i + 1] ?? 0, given[i + 2] ?? 0)) : null;
    bytes.push(escape ? parseInt(escape[0], 16) : (given[i] ?? 0));
    if (escape) i += 2;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** One detail of a status, with the name of its type instead of its URL; for protocols that carry details as name and bytes. */
export function detailType({ typeUrl }: Any): string {
  return typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
}
