import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import type { Caller } from "./caller.ts";
import { notValid } from "./not-valid.ts";
import { permissionsOfRole, ROLES, type Role } from "./permissions.ts";

/** How OIDC access tokens are verified. */
export interface OidcOptions {
  /** URL of the issuer, exactly as its tokens name it. */
  readonly issuer: string;
  /** Must be among a token's audiences. */
  readonly audience: string;
  /** Claim with the caller's roles: a text, a list of texts, or an object whose keys they are. A path with dots leads into objects, where no claim has that very name. */
  readonly rolesClaim: string;
  /** Which role of the claim is which role here. A role that is not named and is called like one of ours is that. */
  readonly roleMapping: Readonly<Record<string, Role>>;
  /** Tolerated difference of clocks. */
  readonly clockSkewSeconds: number;
}

/** Verifies access tokens of one issuer. */
export interface OidcVerifier {
  /** The caller that a token proves. Throws `unauthenticated`, whose text does not say why. */
  verify(token: string): Promise<Caller>;
}

/** Signatures by a key that only the issuer has. Symmetric ones and "none" are out. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** Organisation of the caller, as ZITADEL's tokens name it. */
const ORG_CLAIM = "urn:zitadel:iam:user:resourceowner:id";
const FETCH_TIMEOUT_MS = 5_000;
/** After a failed discovery the issuer is left alone for this long: callers get their refusal at once. */
const RETRY_AFTER_MS = 5_000;

/**
 * Verifies JWT access tokens (RFC 9068 asks for `typ` at+jwt; many issuers send JWT). The issuer's keys come from its discovery document and are fetched anew when
 * a token names one that is not known, at most every few seconds. Nothing is fetched before the first token, so an issuer that is down keeps no server from starting.
 * `onRefused` is told why a token was refused, which is for whoever runs the server and not for who sent the token.
 */
export function createOidcVerifier(options: OidcOptions, onRefused: (reason: string) => void): OidcVerifier {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = -Infinity;

  async function issuerKeys(): Promise<JWTVerifyGetKey> {
    if (!keys) {
      if (performance.now() - failedAt < RETRY_AFTER_MS)
        throw new Error("the issuer could not be reached a moment ago");
      keys = discover(options.issuer);
      keys.catch(() => {
        keys = undefined;
        failedAt = performance.now();
      });
    }
    return keys;
  }

  return {
    async verify(token) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, await issuerKeys(), {
          issuer: options.issuer,
          audience: options.audience,
          clockTolerance: options.clockSkewSeconds,
          algorithms: ALGORITHMS,
          requiredClaims: ["exp", "sub"],
        });
        const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "");
        if (type !== undefined && type !== "jwt" && type !== "at+jwt")
          throw new Error(`a token of type ${type} is no access token`);
        return callerFromClaims(payload, options);
      } catch (error) {
        onRefused(reasonOf(error));
        throw notValid(error);
      }
    },
  };
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: "error" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const document = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  // OpenID Connect Discovery 1.0, section 4.3: the document must be that of the issuer who was asked.
  if (document.issuer !== issuer) throw new Error(`${url} is the document of another issuer`);
  if (typeof document.jwks_uri !== "string") throw new Error(`${url} names no jwks_uri`);
  return createRemoteJWKSet(new URL(document.jwks_uri), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: RETRY_AFTER_MS,
    [customFetch]: (target, init) => fetch(target, { ...init, redirect: "error" }),
  });
}

/** Why a token was refused. The texts of `jose` hold no claim's value, unlike its errors as a whole. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function callerFromClaims(claims: JWTPayload, { rolesClaim, roleMapping }: OidcOptions): Caller {
  // Asked for as a required claim, of which `jose` does not check what it is.
  const userId: unknown = claims.sub;
  if (typeof userId !== "string" || userId === "") throw new Error('the claim "sub" names nobody');
  const named = rolesFrom(claimAt(claims, rolesClaim));
  const roles = named.flatMap((name) => {
    const mapped = Object.hasOwn(roleMapping, name) ? roleMapping[name] : ROLES.find((role) => role === name);
    return mapped === undefined ? [] : [mapped];
  });
  const orgId = claims[ORG_CLAIM];
  return {
    userId,
    ...(typeof orgId === "string" && { orgId }),
    permissions: new Set(roles.flatMap((role) => [...permissionsOfRole(role)])),
  };
}

function claimAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split(".").reduce<unknown>((value, key) => {
    return typeof value === "object" && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  }, claims);
}

function rolesFrom(claim: unknown): readonly string[] {
  if (typeof claim === "string") return claim.split(" ");
  if (Array.isArray(claim)) return claim.filter((each) => typeof each === "string");
  return typeof claim === "object" && claim !== null ? Object.keys(claim) : [];
}
