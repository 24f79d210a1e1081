import { InterposeError } from "@interpose/engine";
import { bearerTokenFrom } from "./bearer-token.ts";
import type { Caller } from "./caller.ts";
import { notValid } from "./not-valid.ts";
import type { OidcVerifier } from "./oidc.ts";
import { permissionsOf, permissionsOfRole, type Role } from "./permissions.ts";
import { hashSecret, isSameHash, parseToken } from "./token-secret.ts";

/** What an authenticator needs to know of a stored token. */
export interface KnownToken {
  readonly id: string;
  readonly role: Role | null;
  readonly permissions: readonly string[];
  readonly secretHash: Uint8Array;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** What an authenticator needs. */
export interface AuthenticatorOptions {
  readonly findToken: (id: string) => Promise<KnownToken | undefined>;
  /** A token that is an admin's without being stored. */
  readonly adminToken?: string | undefined;
  /** Verifies OIDC access tokens, where an issuer is configured. */
  readonly oidc?: OidcVerifier | undefined;
  readonly now: () => Date;
}

/** Compared with when there is no such token, so that the time taken does not tell. */
const NO_HASH = hashSecret("");

/**
 * Proves who calls, by `Authorization: Bearer TOKEN` (RFC 6750): the admin token of the settings, a stored token, or an OIDC access token.
 * Each call looks its token up by primary key, so that a revocation counts from the next call on, on every node.
 * Throws `unauthenticated`; the text never says whether a token's id exists.
 */
export function createAuthenticator(options: AuthenticatorOptions): (headers: Headers) => Promise<Caller> {
  const adminHash = options.adminToken === undefined ? undefined : hashSecret(options.adminToken);
  const admin: Caller = { userId: "admin", permissions: permissionsOfRole("admin") };
  return async (headers) => {
    const token = bearerToken(headers.get("authorization"));
    if (adminHash && isSameHash(hashSecret(token), adminHash)) return admin;
    const parsed = parseToken(token);
    if (parsed) return callerOfToken(await options.findToken(parsed.id), parsed.secret, options.now());
    if (options.oidc && token.split(".").length === 3) return options.oidc.verify(token);
    throw notValid();
  };
}

function bearerToken(authorization: string | null): string {
  if (authorization === null) {
    throw new InterposeError("unauthenticated", 'There is no token. Send the header "Authorization: Bearer TOKEN".');
  }
  const token = bearerTokenFrom(authorization);
  if (token !== undefined) return token;
  throw new InterposeError("unauthenticated", 'The header Authorization is not of the form "Bearer TOKEN".');
}

function callerOfToken(token: KnownToken | undefined, secret: string, now: Date): Caller {
  const matches = isSameHash(hashSecret(secret), token?.secretHash ?? NO_HASH);
  if (!token || !matches || token.revokedAt !== null || (token.expiresAt !== null && token.expiresAt <= now))
    throw notValid();
  return { userId: token.id, permissions: permissionsOf(token.role, token.permissions) };
}
