import type { ConnectionPools } from "../connection-pools.ts";
import type { OAuthClient } from "../credentials.ts";
import { Failed } from "../failure.ts";
import { createKept } from "../kept.ts";
import { requestToken, type GrantedToken } from "./token-request.ts";

/** Access tokens of clients, which are asked for when they are needed, and used until shortly before they expire. */
export interface AccessTokens {
  /**
   * The token of a client, for a target with a list of its own of what may be called, which holds for the token endpoint too. Rejects with `authorization` when there is none to be
   * had. One request is made for all that wait.
   */
  of(client: OAuthClient, egressAllow: EgressAllow): Promise<string>;
  /** Says that a token is no longer taken: the next call asks for another. */
  drop(client: OAuthClient, egressAllow: EgressAllow, token: string): void;
}

/** A target's own list, see `Target`. */
type EgressAllow = readonly string[] | undefined;

/** What access tokens need. */
export interface AccessTokensOptions {
  readonly pools: ConnectionPools;
  readonly userAgent: string;
  /** Milliseconds since any time. Default: `performance.now()`. */
  readonly now?: () => number;
}

/** How long a client is known that nobody uses. */
const KEEP_UNUSED_MS = 60 * 60 * 1_000;
/** For so long after a failure nothing is asked again, so that an endpoint that fails is not asked for each call. */
const REST_AFTER_FAILURE_MS = 1_000;

/** What is known of a client. */
interface Grant {
  readonly client: OAuthClient;
  readonly egressAllow: EgressAllow;
  /** Asked for, and not yet answered. */
  pending: Promise<string> | undefined;
  held: { readonly token: string; readonly until: number } | undefined;
  failed: { readonly failure: Failed; readonly until: number } | undefined;
}

/** No tokens yet. */
export function createAccessTokens({
  pools,
  userAgent,
  now = () => performance.now(),
}: AccessTokensOptions): AccessTokens {
  // All that makes a client another one is in its key: a new secret has no part in the token of the old one, and a target no part in what another one's list allows.
  const grants = createKept<Grant>({
    make: (key) => ({ ...(JSON.parse(key) as Known), pending: undefined, held: undefined, failed: undefined }),
    keepMs: KEEP_UNUSED_MS,
    now,
  });

  const ask = async (grant: Grant): Promise<string> => {
    const began = now();
    const pool = pools.enter(grant.egressAllow);
    try {
      const granted = await requestToken(grant.client, pool.connections.of(undefined), userAgent);
      grant.held = { token: granted.token, until: began + usedForMs(granted) };
      return granted.token;
    } catch (error) {
      if (error instanceof Failed) grant.failed = { failure: error, until: now() + REST_AFTER_FAILURE_MS };
      throw error;
    } finally {
      pool.leave();
      grant.pending = undefined;
    }
  };

  return {
    async of(client, egressAllow) {
      const grant = grants.of(keyOf({ client, egressAllow }));
      const at = now();
      if (grant.held && at < grant.held.until) return grant.held.token;
      if (grant.failed && at < grant.failed.until) throw grant.failed.failure;
      return (grant.pending ??= ask(grant));
    },
    drop(client, egressAllow, token) {
      const grant = grants.of(keyOf({ client, egressAllow }));
      if (grant.held?.token === token) grant.held = undefined;
    },
  };
}

type Known = Pick<Grant, "client" | "egressAllow">;

function keyOf(known: Known): string {
  return JSON.stringify(known);
}

/** Until a tenth of its life is left, at most 30 seconds: calls take time, and clocks differ. */
function usedForMs({ lifetimeMs }: GrantedToken): number {
  return lifetimeMs - Math.min(lifetimeMs / 10, 30_000);
}
