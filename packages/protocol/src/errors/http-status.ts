import type { ErrorReason, RpcCode } from "@interpose/engine";

/** HTTP statuses of the codes, as google.api's gateways map them (google/rpc/code.proto). */
const STATUSES: Readonly<Record<RpcCode, number>> = {
  cancelled: 499,
  unknown: 500,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 400,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
  data_loss: 500,
  unauthenticated: 401,
};

/** Reasons for which HTTP has a status that says more than their code's. */
const OF_REASONS: Partial<Record<ErrorReason, number>> = {
  verb_not_allowed: 405,
  message_too_large: 413,
  protocol_not_hooked: 415,
  media_type_unknown: 415,
};

/** The HTTP status of an error over REST. Without a reason, it is an error of others. */
export function httpStatus(code: RpcCode, reason?: ErrorReason): number {
  return (reason && OF_REASONS[reason]) ?? STATUSES[code];
}

/**
 * The HTTP status of an error in the Connect protocol: its code's, but for a path that leads nowhere, a wrong verb, and a content type that is not understood
 * (https://connectrpc.com/docs/protocol/#error-codes, #unary-response).
 */
export function connectHttpStatus(code: RpcCode, reason: ErrorReason): number {
  if (reason === "call_unknown") return 404;
  return reason === "message_too_large" ? STATUSES[code] : httpStatus(code, reason);
}
