import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { InterposeError, type ErrorReason, type RpcCode } from "@interpose/engine";
import { BadRequestSchema, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema, type Status } from "../gen/google/rpc/status_pb.js";
import { ErrorDetailSchema } from "../gen/zitadel/v1/error_detail_pb.js";

/** Says whose reasons `google.rpc.ErrorInfo` names. */
const DOMAIN = "interpose";

/** The types of details that errors carry. */
export const ERROR_DETAILS: readonly DescMessage[] = [ErrorDetailSchema, BadRequestSchema, ErrorInfoSchema];

/** gRPC's numbers of the codes. https://grpc.io/docs/guides/status-codes/ */
export const CODE_NUMBERS: Readonly<Record<RpcCode, number>> = {
  cancelled: 1,
  unknown: 2,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  already_exists: 6,
  permission_denied: 7,
  resource_exhausted: 8,
  failed_precondition: 9,
  aborted: 10,
  out_of_range: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  data_loss: 15,
  unauthenticated: 16,
};

/** Whatever was thrown as an error that a client may see. What is not ours is a fault of the server, of which a client is told nothing. */
export function presentable(error: unknown): InterposeError {
  if (error instanceof InterposeError) return error;
  return new InterposeError("internal", "The server failed. Its log says why.", { cause: error });
}

/** The text for a client: ours, and the contract's id behind it in brackets. */
export function errorMessage(error: unknown): string {
  const { message, id } = presentable(error);
  return id === undefined ? message : `${message} (${id})`;
}

/** One detail of an error. */
export interface ConnectErrorDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/**
 * Faults of how a call is written, and ends, which every server of gRPC and Connect has: they are told as those tell them, by code and text alone. Interpose's own reasons would say no
 * more, and peers (the Connect conformance suite among them) take details here for a difference.
 */
const WITHOUT_DETAILS: ReadonlySet<ErrorReason> = new Set([
  "body_malformed",
  "coding_missing",
  "coding_unknown",
  "upstream_malformed",
  "call_unknown",
  "call_timed_out",
]);

/** The details of an error: the contract's id where it has one, what is wrong in the request, and the stable reason. */
export function connectErrorDetails(error: unknown): readonly ConnectErrorDetail[] {
  const { id, key, message, violations, reason, metadata } = presentable(error);
  if (WITHOUT_DETAILS.has(reason)) return [];
  const fieldViolations = violations.map(({ field, description }) => ({ field, description }));
  return [
    ...(id === undefined
      ? []
      : [{ desc: ErrorDetailSchema, value: create(ErrorDetailSchema, { id, message: key ?? message }) }]),
    ...(violations.length === 0
      ? []
      : [{ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) }]),
    {
      desc: ErrorInfoSchema,
      value: create(ErrorInfoSchema, { reason: reason.toUpperCase(), domain: DOMAIN, metadata: { ...metadata } }),
    },
  ];
}

/** An error as `google.rpc.Status`, which REST answers and gRPC carries in a trailer. */
export function statusFromError(error: unknown): Status {
  return create(StatusSchema, {
    code: CODE_NUMBERS[presentable(error).code],
    message: errorMessage(error),
    details: connectErrorDetails(error).map(({ desc, value }) => anyPack(desc, value)),
  });
}

/** Bytes in base64 (RFC 4648, section 4). */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
