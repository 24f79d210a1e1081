import type { Caller } from "./access/caller.ts";
import type { CallContext } from "./hosts/call-context.ts";

/** Protocol in which a call came in. */
export type CallProtocol = "grpc" | "grpc-web" | "connect" | "rest";

/** One call of the own API, whatever protocol it came in, after the caller has been proven. */
export interface Call {
  readonly instanceId: string;
  readonly caller: Caller;
  readonly protocol: CallProtocol;
  /** Headers of the request, by lower-case name. */
  readonly headers: Headers;
  /** IP address at the other end of the connection: the client's, or that of a proxy. */
  readonly clientAddress: string;
  readonly context: CallContext;
  /** Aborted when the client goes away or its deadline passes. */
  readonly signal: AbortSignal;
}
