import { timeoutOf } from "@interpose/protocol";
import { RUN_HEADER, TRACEPARENT_HEADER } from "../headers.ts";

/** What runs need to know of the call that they belong to, beside its messages and who makes it. */
export interface CallContext {
  /** When the caller waits no longer, by the clock of `performance.now()`. Undefined: it does not say. */
  readonly deadline: number | undefined;
  /** The trace that the call belongs to, as it came. */
  readonly traceparent: string | undefined;
  /** The header `interpose-run`, as it came: what it says is believed only where it is signed. */
  readonly runHeader: string | undefined;
}

/** Reads it from the headers of a call, which are given by lower-case name, when the call begins. */
export function callContextOf(header: (name: string) => string | undefined): CallContext {
  const timeoutMs = timeoutOf(header);
  return {
    deadline: timeoutMs === undefined ? undefined : performance.now() + timeoutMs,
    traceparent: header(TRACEPARENT_HEADER),
    runHeader: header(RUN_HEADER),
  };
}

/** What the timers of others may be ahead of ours. */
const DEADLINE_SLACK_MS = 10;

/** Whether a caller waits no longer. Clients and APIs end a call at its deadline themselves, and that may be heard of a moment before our own timer: it is the deadline nevertheless. */
export function hasPassed(deadline: number | undefined): boolean {
  return deadline !== undefined && performance.now() > deadline - DEADLINE_SLACK_MS;
}
