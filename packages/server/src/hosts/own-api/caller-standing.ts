import { InterposeError } from "@interpose/engine";
import type { Access } from "@interpose/protocol";
import { authorize } from "../../access/authorize.ts";
import type { Caller } from "../../access/caller.ts";
import { startSweeping } from "../../sweeping.ts";
import type { StreamEnder } from "./message-stream.ts";

/** How the callers of open streams are proven again. */
export interface ProvingAgain {
  /** The same as when a call begins. */
  readonly prove: (headers: Headers) => Promise<Caller>;
  /** How often, in milliseconds. */
  readonly everyMs: number;
}

/** Whether a stream's caller may still read it. */
export interface CallerStanding extends StreamEnder {
  /** The stream is over. */
  clear(): void;
}

/**
 * Proves the caller of a stream again and again: a call is over before its token can be revoked, but a stream goes on for days. It ends with what the caller would be refused
 * with, were it to call now. Where nobody can tell, as while the store does not answer, it goes on.
 */
export function watchCaller(headers: Headers, access: Access, { prove, everyMs }: ProvingAgain): CallerStanding {
  const refused = new AbortController();
  const proving = startSweeping({
    everyMs,
    createSweep: () => async () => authorize(await prove(headers), access),
    onError(error) {
      if (isRefusal(error)) refused.abort(error);
    },
  });
  return {
    signal: refused.signal,
    error: () => refused.signal.reason as InterposeError,
    clear: () => void proving.stop(),
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof InterposeError && (error.code === "unauthenticated" || error.code === "permission_denied");
}
