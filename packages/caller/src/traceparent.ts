import { randomBytes } from "node:crypto";

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * The trace context of a call within a trace: the same trace and flags, and a parent id of its own.
 * A header that is not well formed begins a new trace, as https://www.w3.org/TR/trace-context/ asks.
 */
export function childTraceparent(traceparent: string): string {
  const [, trace, , flags] = TRACEPARENT.exec(traceparent) ?? [];
  const isValid = trace !== undefined && !/^0+$/.test(trace);
  return `00-${isValid ? trace : randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-${isValid ? flags : "00"}`;
}
