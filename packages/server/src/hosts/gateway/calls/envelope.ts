import type { Envelope } from "@interpose/engine";
import type { IdentifyCaller } from "../../caller-identity.ts";
import { valuesOf } from "../protocols/fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";

/** What envelopes are made of, beside the call. */
export interface EnvelopeOptions {
  readonly instanceId: string;
  /** Names of the headers that targets are shown, as they are spelled there. */
  readonly shownHeaders: readonly string[];
  /** Finds out who calls. Undefined: nobody is asked, and nobody is known. */
  readonly identify: IdentifyCaller | undefined;
}

/** What a target is told about a call beside its messages. It is found out when it is first asked for, and once. */
export type EnvelopeOfCall = () => Promise<Envelope>;

/** Makes envelopes of the calls of a gateway; `address` is the IP address that a call comes from. */
export function createEnvelopes({
  instanceId,
  shownHeaders,
  identify,
}: EnvelopeOptions): (fullMethod: string, block: HeaderBlock, address: string) => EnvelopeOfCall {
  // By their names in HTTP/2, where `Host` is a pseudo-header. A map, since a client may name a header as a member that all objects have.
  const shownByField: ReadonlyMap<string, string> = new Map(
    shownHeaders.map((name) => [/^host$/i.test(name) ? ":authority" : name.toLowerCase(), name]),
  );

  async function envelopeOf(fullMethod: string, block: HeaderBlock, address: string): Promise<Envelope> {
    const identity = await identify?.({ header: (name) => valuesOf(block, name), address });
    return { fullMethod, instanceId, ...identity, headers: shownOf(block, shownByField) };
  }

  return (...call) => {
    let envelope: Promise<Envelope> | undefined;
    return () => (envelope ??= envelopeOf(...call));
  };
}

function shownOf({ fields }: HeaderBlock, shownByField: ReadonlyMap<string, string>): Record<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let i = 0; i < fields.length; i += 2) {
    const shown = shownByField.get(fields[i] ?? "");
    if (shown === undefined) continue;
    const values = headers.get(shown);
    if (values) values.push(fields[i + 1] ?? "");
    else headers.set(shown, [fields[i + 1] ?? ""]);
  }
  return Object.fromEntries(headers);
}
