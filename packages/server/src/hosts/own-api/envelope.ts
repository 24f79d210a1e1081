import type { Envelope } from "@interpose/engine";
import type { Call } from "../../call.ts";
import { SHOWN_HEADERS } from "../shown-headers.ts";

/** What a target is told about a call beside its messages. */
export function envelopeOf(fullMethod: string, call: Call): Envelope {
  const headers = SHOWN_HEADERS.flatMap((name) => {
    const value = call.headers.get(name);
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
