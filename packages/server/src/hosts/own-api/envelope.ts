import type { Envelope } from "@interpose/engine";
import type { Call } from "../../call.ts";

/** The request headers that targets of the dialect v2 are shown, as ZITADEL shows them. Credentials are not among them. */
const SHOWN_HEADERS = ["Content-Type", "X-Forwarded-For", "X-Forwarded-Host", "Host", "Origin"] as const;

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
