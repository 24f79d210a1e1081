import { randomInt } from "node:crypto";

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * The trace context of a call within a trace: the same trace and flags, and a parent id of its own.
 * A header that is not well formed begins a new trace, as https://www.w3.org/TR/trace-context/ asks.
 */
export function childTraceparent(traceparent: string): string {
  const [, trace, , flags] = TRACEPARENT.exec(traceparent) ?? [];
  const isValid = trace !== undefined && !/^0+$/.test(trace);
  return `00-${isValid ? trace : randomHex(32)}-${randomHex(16)}-${isValid ? flags : "00"}`;
}

/** So many hexadecimal digits, a multiple of 8. Node keeps random bytes for `randomInt`, while `randomBytes` asks the system each time. */
function randomHex(digits: number): string {
  let hex = "";
  while (hex.length < digits)
    hex += randomInt(2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return hex;
}
