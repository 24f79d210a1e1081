/** Milliseconds of each unit of gRPC's timeouts. */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/**
 * Milliseconds of a header `grpc-timeout`: at most 8 digits and a unit (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). 0, which clients
 * send whose deadline has just passed, is 0. What is none is undefined.
 */
export function parseGrpcTimeout(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return digits === undefined || unitMs === undefined ? undefined : Number(digits) * unitMs;
}

/** Milliseconds of a header `connect-timeout-ms`: at most 10 digits (https://connectrpc.com/docs/protocol). What is none is undefined. */
export function parseConnectTimeout(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/**
 * How long the caller of a call waits, in milliseconds, by its headers. Undefined: it does not say, or not in a way that is understood. A call
 * that has both headers waits for the shorter time.
 */
export function timeoutOf(header: (name: string) => string | undefined): number | undefined {
  const grpc = header("grpc-timeout");
  const connect = header("connect-timeout-ms");
  if (grpc === undefined && connect === undefined) return undefined;
  const times = [grpc && parseGrpcTimeout(grpc), connect && parseConnectTimeout(connect)];
  const least = Math.min(...times.filter((each) => typeof each === "number"));
  return least === Infinity ? undefined : least;
}
