import { Code, ConnectError } from "@connectrpc/connect";
import { InterposeError, type RpcCode } from "@interpose/engine";
import { connectErrorDetails, errorMessage } from "@interpose/protocol";

const CODES: Readonly<Record<RpcCode, Code>> = {
  cancelled: Code.Canceled,
  unknown: Code.Unknown,
  invalid_argument: Code.InvalidArgument,
  deadline_exceeded: Code.DeadlineExceeded,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  out_of_range: Code.OutOfRange,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
  unavailable: Code.Unavailable,
  data_loss: Code.DataLoss,
  unauthenticated: Code.Unauthenticated,
};

/** Renders an error for gRPC, gRPC-Web and Connect. What is not an InterposeError becomes `internal`, without its text. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const code = error instanceof InterposeError ? CODES[error.code] : Code.Internal;
  const details = connectErrorDetails(error).map(({ desc, value }) => ({ desc, value }));
  return new ConnectError(errorMessage(error), code, undefined, details, error);
}

/**
 * The error that a call ends with. A deadline that has passed ends a call wherever it is; the client is told of that, and not of what it led to. A run that it ended says so
 * itself.
 */
export function connectErrorOfCall(error: unknown, { reason }: { readonly reason: unknown }): ConnectError {
  const refusal = toConnectError(error);
  const isDeadline = reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
  return isDeadline && refusal.code !== Code.DeadlineExceeded ? reason : refusal;
}
