export { RUN_HEADER } from "@interpose/caller";

/** With the value "true", from a caller with the permission `execution.bypass`: no executions run for the call. */
export const BYPASS_HEADER = "interpose-bypass";
/** The trace that a call belongs to. https://www.w3.org/TR/trace-context/ */
export const TRACEPARENT_HEADER = "traceparent";
