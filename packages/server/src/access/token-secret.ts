import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** `ipt_ID_SECRET`: the id is looked up, the secret is compared. The prefix lets scanners of leaked secrets find it. */
const FORM = /^ipt_(\d{1,20})_([A-Za-z0-9_-]{43})$/;

/** The two parts of a bearer token's text. */
export interface TokenText {
  readonly id: string;
  readonly secret: string;
}

/** A new token's text, and the hash that is stored in its place. */
export function createTokenSecret(id: string): { readonly text: string; readonly hash: Buffer } {
  const secret = randomBytes(32).toString("base64url");
  return { text: `ipt_${id}_${secret}`, hash: hashSecret(secret) };
}

/** Reads a token's text. Anything else is undefined. */
export function parseToken(text: string): TokenText | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256. A slow hash protects guessable passwords; 256 random bits cannot be guessed, and each call pays for the hash. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Compares in a time that does not depend on where the two differ. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
