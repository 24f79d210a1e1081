import type { LookupAddress } from "node:dns";
import { InterposeError, type Exchange } from "@interpose/engine";
import type { TargetCredentials, TokenSigner } from "./credentials.ts";

/** Choices of a target caller. */
export interface TargetCallerOptions {
  /** Longest reply body read, in bytes. A longer one fails the call with `reply_too_large`. Default: 1 MiB. */
  readonly maxReplyBytes: number;
  /** Longest payload sent, in bytes. A longer one fails the call with `payload_too_large`. Default: 4 MiB. */
  readonly maxPayloadBytes: number;
  /** What may be called beyond public addresses: networks as CIDRs, and hosts such as `hooks.corp` or `*.corp`. Default: none. */
  readonly egressAllow: readonly string[];
  /** Public addresses too are called only where `egressAllow`, or a target's own list, has them. Default: false. */
  readonly egressOnly: boolean;
  /** Most redirects (307, 308) that one call follows. Default: 3. */
  readonly maxRedirects: number;
  /** Most connections to one origin. More calls wait for one, within their timeout. Default: 100. */
  readonly maxConnectionsPerOrigin: number;
  /** Most calls in the background at once. What comes on top fails at once, so that a dead target can't fill the memory. Default: 1,000. */
  readonly maxBackgroundCalls: number;
  /** Most calls of shadows at once. What comes on top is left out. Default: 200. */
  readonly maxShadowCalls: number;
  /** Sent as `user-agent`. Default: `interpose`. */
  readonly userAgent: string;
  /** Finds the addresses of a name. Default: the system's resolver. */
  readonly resolve: (host: string) => Promise<readonly LookupAddress[]>;
  /** Certificate authorities that are trusted, as PEM, in place of Node's. */
  readonly ca?: string | undefined;
  /**
   * What calls of a target at an endpoint prove themselves with: a run may still know the endpoint that the target had when it began. Asked for each call, so quick. Where it throws, the call fails as
   * `unsealable`, nothing is sent, and what was thrown is told to nobody. Default: nothing.
   */
  readonly credentialsOf: (targetId: string, endpoint: string) => TargetCredentials | undefined;
  /** What payloads that are tokens are signed with; undefined: nothing yet, and they cannot be sent. Asked for each. Default: nothing. */
  readonly tokenSigner: () => TokenSigner | undefined;
  /** The time that calls are signed with, and that a `Retry-After` with a date is measured from, in milliseconds since 1970. Default: the system's. */
  readonly now: () => number;
  /** Told of each call in the background at its end. */
  readonly onBackgroundCall: (targetId: string, exchange: Exchange) => void;
  /** Told of each call of a shadow that was left out, since there were too many, with how many those are since the beginning. */
  readonly onShadowDropped: (count: number) => void;
}

const LARGEST_LIMIT = 1024 * 1024 * 1024;

/** Fills what is not given, and refuses what is out of bounds with `settings_invalid`. */
export function validateTargetCallerOptions(given: Partial<TargetCallerOptions>): TargetCallerOptions {
  const complete: TargetCallerOptions = {
    maxReplyBytes: 1024 * 1024,
    maxPayloadBytes: 4 * 1024 * 1024,
    egressAllow: [],
    egressOnly: false,
    maxRedirects: 3,
    maxConnectionsPerOrigin: 100,
    maxBackgroundCalls: 1_000,
    maxShadowCalls: 200,
    userAgent: "interpose",
    resolve: resolveBySystem,
    credentialsOf: () => undefined,
    tokenSigner: () => undefined,
    now: Date.now,
    onBackgroundCall: () => undefined,
    onShadowDropped: () => undefined,
    ...given,
  };
  const bounds: readonly [keyof TargetCallerOptions, number, number][] = [
    ["maxReplyBytes", 1, LARGEST_LIMIT],
    ["maxPayloadBytes", 1, LARGEST_LIMIT],
    ["maxRedirects", 0, 20],
    ["maxConnectionsPerOrigin", 1, 100_000],
    ["maxBackgroundCalls", 1, 1_000_000],
    ["maxShadowCalls", 1, 1_000_000],
  ];
  for (const [name, least, most] of bounds) {
    const value = complete[name];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) continue;
    throw new InterposeError(
      "settings_invalid",
      `${name} is ${String(value)}; it must be a whole number from ${least} to ${most}.`,
    );
  }
  return complete;
}

/** Asks the system's resolver, as calls do. */
export async function resolveBySystem(host: string): Promise<readonly LookupAddress[]> {
  const { lookup } = await import("node:dns/promises");
  return lookup(host, { all: true });
}
