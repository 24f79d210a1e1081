import type { JsonDifference, JsonObject } from "@interpose/engine";

/** What was kept of the messages of a run, as JSON. */
export interface ContentOfRun {
  /** Of each call, in their order. */
  readonly calls: readonly ContentOfCall[];
  /** What became of the message, where the last call that changed it spells it otherwise than the first. */
  readonly after?: JsonObject;
}

/** What was kept of one call. What is not there was too large, or there was none. */
export interface ContentOfCall {
  readonly payload?: JsonObject;
  readonly reply?: string;
  /** What its reply made of the message, spelled as its payload is. */
  readonly after?: JsonObject;
  /** Of a shadow: in what that differs from what the target beside it made, which may be on record in another spelling. */
  readonly differences?: readonly JsonDifference[];
}
