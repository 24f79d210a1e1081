import { create, fromJson, type JsonValue as ProtobufJson, type Registry } from "@bufbuild/protobuf";
import { AnySchema, type Any } from "@bufbuild/protobuf/wkt";
import { isJsonObject, type JsonObject, type JsonValue, type RpcCode } from "@interpose/engine";
import { StatusSchema, type Status } from "../gen/google/rpc/status_pb.js";
import { CODE_NUMBERS } from "./details.ts";
import { binaryHeader } from "./grpc-status.ts";

/** Longest text that is taken of an error that is written in a way of its own. */
const LONGEST_TEXT = 1_000;

/** What an error of Connect's says (https://connectrpc.com/docs/protocol/#error-end-stream). What is not of that form counts as left out. */
export function statusFromConnectError(json: unknown, httpStatus?: number): Status {
  const { code, message, details } = objectOf(json as JsonValue);
  // Connect spells this one code with a single "l".
  const name = code === "canceled" ? "cancelled" : code;
  const known = typeof name === "string" && Object.hasOwn(CODE_NUMBERS, name) ? (name as RpcCode) : undefined;
  return create(StatusSchema, {
    code: CODE_NUMBERS[known ?? codeFromHttpStatus(httpStatus)],
    message: typeof message === "string" ? message : "",
    details: Array.isArray(details) ? details.flatMap(connectDetail) : [],
  });
}

function connectDetail(json: JsonValue): Any[] {
  const { type, value } = objectOf(json);
  const bytes = typeof value === "string" ? binaryHeader(value) : undefined;
  if (typeof type !== "string" || !bytes) return [];
  return [create(AnySchema, { typeUrl: `type.googleapis.com/${type}`, value: bytes })];
}

/** The error in the end of a Connect stream; code 0 where it has none. `payload`: the JSON of that message. */
export function statusFromConnectEnd(payload: Uint8Array): Status {
  const { error } = objectOf(parsed(payload));
  return error === undefined || error === null ? create(StatusSchema) : statusFromConnectError(error);
}

/** An error that is a body of Connect's. */
export function statusFromConnectBody(httpStatus: number, body: Uint8Array): Status {
  return statusFromConnectError(parsed(body), httpStatus);
}

/**
 * What an error of REST says: `google.rpc.Status` as JSON (google/rpc/status.proto), also within `error`, as Google's APIs have it; of any other body a member `message`, or an `error`
 * that is a text. The HTTP status has the last word on the code where the body has none.
 */
export function statusFromRestError(httpStatus: number, body: Uint8Array, registry?: Registry): Status {
  const outer = objectOf(parsed(body));
  const inner = isJsonObject(outer.error) ? outer.error : outer;
  const { code, details } = inner;
  const text = [inner.message, outer.error, inner.detail, inner.title].find((each) => typeof each === "string");
  const isCode = typeof code === "number" && code > 0 && code <= 16 && Number.isInteger(code);
  return create(StatusSchema, {
    code: isCode ? code : CODE_NUMBERS[codeFromHttpStatus(httpStatus)],
    message: typeof text === "string" ? text.slice(0, LONGEST_TEXT) : `HTTP ${httpStatus}`,
    details: Array.isArray(details) ? details.flatMap((each: JsonValue) => restDetail(each, registry)) : [],
  });
}

/** Details of types that nobody knows are left out: their JSON is no message. */
function restDetail(json: JsonValue, registry: Registry | undefined): Any[] {
  try {
    return [fromJson(AnySchema, json as ProtobufJson, { ...(registry && { registry }), ignoreUnknownFields: true })];
  } catch {
    return [];
  }
}

/** The trailers within the last frame of a gRPC-Web body: names and values. `payload`: the frame without its prefix. */
export function trailersFromGrpcWeb(payload: Uint8Array): readonly string[] {
  const fields: string[] = [];
  for (const line of new TextDecoder("latin1").decode(payload).split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.push(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** The codes that HTTP's statuses stand for, the other way round from google/rpc/code.proto. */
function codeFromHttpStatus(status: number | undefined): RpcCode {
  const known: Readonly<Record<number, RpcCode>> = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    408: "deadline_exceeded",
    409: "aborted",
    412: "failed_precondition",
    413: "resource_exhausted",
    416: "out_of_range",
    422: "invalid_argument",
    429: "resource_exhausted",
    499: "cancelled",
    500: "internal",
    501: "unimplemented",
    502: "unavailable",
    503: "unavailable",
    504: "deadline_exceeded",
  };
  return known[status ?? 0] ?? "unknown";
}

function parsed(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as JsonValue;
  } catch {
    return undefined;
  }
}

function objectOf(json: JsonValue | undefined): JsonObject {
  return json !== undefined && isJsonObject(json) ? json : {};
}
