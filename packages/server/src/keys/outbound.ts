import type { ClientCertificate, OAuthClient, TargetCredentials } from "@interpose/caller";
import { matchesOrigin, parseOriginPattern } from "./origin-patterns.ts";
import type { SealPlace, Vault } from "./vault.ts";

/** What is sent beside a payload. */
export interface Outbound {
  /** By their names, of which no two differ in case alone. */
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth: OAuthClient | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
}

/** What one target is sent. */
export interface TargetOutbound extends Outbound {
  /** Whether it is sent nothing of the instance's. */
  readonly ignoresInstance: boolean;
}

/** What targets at some origins are sent. */
export interface InstanceOutbound extends Outbound {
  /** As `origin-patterns.ts` reads them, in one spelling. */
  readonly origins: readonly string[];
}

const NOTHING: Outbound = { headers: {}, oauth: undefined, clientCertificate: undefined };

/** What a target is sent of which nothing was set. */
export const NO_TARGET_OUTBOUND: TargetOutbound = { ...NOTHING, ignoresInstance: false };

/** What the instance sends of which nothing was set. */
export const NO_INSTANCE_OUTBOUND: InstanceOutbound = { ...NOTHING, origins: [] };

/** Whether there is anything in it that is sent. */
export function sendsAnything({ headers, oauth, clientCertificate }: Outbound): boolean {
  return oauth !== undefined || clientCertificate !== undefined || Object.keys(headers).length > 0;
}

/** Seals it. Null: there is nothing to keep. */
export function sealOutbound(
  vault: Vault,
  place: SealPlace,
  outbound: TargetOutbound | InstanceOutbound,
): Uint8Array | null {
  const { origins, ignoresInstance } = { origins: [], ignoresInstance: false, ...outbound };
  if (!sendsAnything(outbound) && origins.length === 0 && !ignoresInstance) return null;
  return vault.seal(Buffer.from(JSON.stringify(outbound)), place);
}

/** Opens what one target is sent; null is nothing. Throws `SealError`. */
export function openTargetOutbound(vault: Vault, place: SealPlace, sealed: Uint8Array | null): TargetOutbound {
  return { ...NO_TARGET_OUTBOUND, ...opened(vault, place, sealed) };
}

/** Opens what the instance sends; null is nothing. Throws `SealError`. */
export function openInstanceOutbound(vault: Vault, place: SealPlace, sealed: Uint8Array | null): InstanceOutbound {
  return { ...NO_INSTANCE_OUTBOUND, ...opened(vault, place, sealed) };
}

function opened(vault: Vault, place: SealPlace, sealed: Uint8Array | null): object {
  return sealed === null ? {} : (JSON.parse(vault.open(sealed, place).toString()) as object);
}

/** What calls of a target at an endpoint are sent: its own, before what of the instance's goes there. */
export function mergedOutbound(
  own: TargetOutbound,
  instance: InstanceOutbound,
  endpoint: string,
): Pick<TargetCredentials, "headers" | "oauth" | "clientCertificate"> {
  const shared = !own.ignoresInstance && goesTo(instance, endpoint) ? instance : NOTHING;
  const ownNames = new Set(Object.keys(own.headers).map((name) => name.toLowerCase()));
  const inherited = Object.entries(shared.headers).filter(([name]) => !ownNames.has(name.toLowerCase()));
  const headers = { ...Object.fromEntries(inherited), ...own.headers };
  return {
    // The caller knows by undefined that there is nothing to do.
    headers: Object.keys(headers).length > 0 ? headers : undefined,
    oauth: own.oauth ?? shared.oauth,
    clientCertificate: own.clientCertificate ?? shared.clientCertificate,
  };
}

function goesTo({ origins }: InstanceOutbound, endpoint: string): boolean {
  if (origins.length === 0 || !URL.canParse(endpoint)) return false;
  const url = new URL(endpoint);
  return origins.some((text) => {
    const pattern = parseOriginPattern(text);
    return pattern !== undefined && matchesOrigin(pattern, url);
  });
}
