import type { JWTPayload } from "jose";
import type { Caller } from "./caller.ts";
import { claimAt } from "./claims.ts";
import { createJwtVerifier, reasonOf } from "./jwt-verifier.ts";
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

/** Organisation of the caller, as ZITADEL's tokens name it. */
const ORG_CLAIM = "urn:zitadel:iam:user:resourceowner:id";

/**
 * Verifies JWT access tokens by the keys of their issuer, which need not be there when the server starts. `onRefused` is told why a token was refused,
 * which is for whoever runs the server and not for who sent the token.
 */
export function createOidcVerifier(options: OidcOptions, onRefused: (reason: string) => void): OidcVerifier {
  const verify = createJwtVerifier({ ...options, requiredClaims: ["sub"] });
  return {
    async verify(token) {
      try {
        return callerFromClaims(await verify(token), options);
      } catch (error) {
        onRefused(reasonOf(error));
        throw notValid(error);
      }
    },
  };
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

function rolesFrom(claim: unknown): readonly string[] {
  if (typeof claim === "string") return claim.split(" ");
  if (Array.isArray(claim)) return claim.filter((each) => typeof each === "string");
  return typeof claim === "object" && claim !== null ? Object.keys(claim) : [];
}
