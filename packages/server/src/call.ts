import type { Caller } from "./access/caller.ts";

/** Protocol in which a call came in. */
export type CallProtocol = "grpc" | "grpc-web" | "connect" | "rest";

/** One call of the own API, whatever protocol it came in, after the caller has been proven. */
export interface Call {
  readonly instanceId: string;
  readonly caller: Caller;
  readonly protocol: CallProtocol;
  /** Headers of the request, by lower-case name. */
  readonly headers: Headers;
  /** Aborted when the client goes away or its deadline passes. */
  readonly signal: AbortSignal;
}
