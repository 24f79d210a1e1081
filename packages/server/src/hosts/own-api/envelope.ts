import type { Envelope } from "@interpose/engine";
import type { Call } from "../../call.ts";
import { FORWARDED_FOR } from "../shown-headers.ts";

/** What a target is told about a call beside its messages: who calls, and the headers of the given names. */
export function envelopeOf(fullMethod: string, call: Call, shownHeaders: readonly string[]): Envelope {
  const headers = shownHeaders.flatMap((name) => {
    const value = name.toLowerCase() === FORWARDED_FOR ? forwardedFor(call) : call.headers.get(name);
    return value === null ? [] : [[name, [value]] as const];
  });
  return {
    fullMethod,
    instanceId: call.instanceId,
    orgId: call.caller.orgId,
    userId: call.caller.userId,
    headers: Object.fromEntries(headers),
  };
}

/** The addresses that the call has come by, with the one at the other end of our own connection as the last. */
function forwardedFor({ headers, clientAddress }: Call): string {
  const before = headers.get(FORWARDED_FOR);
  return before === null ? clientAddress : `${before}, ${clientAddress}`;
}
