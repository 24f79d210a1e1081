import { jwtVerify, type JWTPayload } from "jose";
import { createIssuerKeys, type IssuerKeysOptions } from "./issuer-keys.ts";

/** Signatures by a key that only the issuer has. Symmetric ones and "none" are out. */
export const JWT_ALGORITHMS = [
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
] as const;

/** How the tokens of one issuer are verified. */
export interface JwtOptions extends IssuerKeysOptions {
  /** Must be among a token's audiences. */
  readonly audience: string;
  /** Algorithms of signatures that are accepted. Default: all that are safe. */
  readonly algorithms?: readonly string[] | undefined;
  /** Tolerated difference of clocks. */
  readonly clockSkewSeconds: number;
  /** Claims that a token must have, beside its end. */
  readonly requiredClaims?: readonly string[];
}

/** Answers the claims of an access token that is valid. Rejects for any other, with a reason for whoever runs the server; see `reasonOf`. */
export type VerifyJwt = (token: string) => Promise<JWTPayload>;

/** Verifies JWT access tokens (RFC 9068 asks for `typ` at+jwt; many issuers send JWT). */
export function createJwtVerifier(options: JwtOptions): VerifyJwt {
  const { issuer, audience, algorithms = JWT_ALGORITHMS, clockSkewSeconds, requiredClaims = [] } = options;
  const keys = createIssuerKeys(options);
  return async (token) => {
    const { payload, protectedHeader } = await jwtVerify(token, await keys(), {
      ...(issuer !== undefined && { issuer }),
      audience,
      clockTolerance: clockSkewSeconds,
      algorithms: [...algorithms],
      requiredClaims: ["exp", ...requiredClaims],
    });
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "");
    if (type !== undefined && type !== "jwt" && type !== "at+jwt")
      throw new Error(`a token of type ${type} is no access token`);
    return payload;
  };
}

/** Why a token was refused. The texts of `jose` hold no claim's value, unlike its errors as a whole. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
