import { InterposeError } from "@interpose/engine";

/**
 * The value of `connect-timeout-ms` (at most ten digits, https://connectrpc.com/docs/protocol/#unary-request) as `grpc-timeout` has it, whose
 * number has at most eight. Throws `bad_request` for what is no time.
 */
export function grpcTimeout(connectTimeoutMs: string | undefined): string | undefined {
  if (connectTimeoutMs === undefined) return undefined;
  if (!/^\d{1,10}$/.test(connectTimeoutMs))
    throw new InterposeError(
      "bad_request",
      "The header connect-timeout-ms has to be a number of milliseconds with at most ten digits.",
    );
  const ms = Number(connectTimeoutMs);
  return ms < 100_000_000 ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}
