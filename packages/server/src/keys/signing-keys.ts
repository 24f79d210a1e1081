import { generateKeyPairSync, randomInt } from "node:crypto";
import type { SigningAlgorithm } from "../store/sql/signing-key-row.ts";
import { signingKeyPlace } from "./places.ts";
import type { Vault } from "./vault.ts";

/** Length and letters of an HMAC key, as ZITADEL has them: some 214 bits. */
const HMAC_KEY_LENGTH = 36;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** A signing key that was just made. */
export interface NewSigningKey {
  readonly sealed: Uint8Array;
  /** The key's text, which its owner is shown once. Undefined for a pair, whose private half nobody is shown. */
  readonly text: string | undefined;
  /** The public half, as SubjectPublicKeyInfo (DER). Null: there is none. */
  readonly publicKey: Uint8Array | null;
}

/** The text of a new HMAC key. */
export function createHmacKey(): string {
  return Array.from({ length: HMAC_KEY_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}

/** Makes a key that signs what a target is sent. An HMAC key is sealed as its text, a private key as PKCS #8 (DER). */
export function createSigningKey(
  vault: Vault,
  algorithm: SigningAlgorithm,
  place: { readonly instanceId: string; readonly targetId: string; readonly id: string },
): NewSigningKey {
  const at = signingKeyPlace(place.instanceId, place.targetId, place.id);
  if (algorithm === "hmac") {
    const text = createHmacKey();
    return { sealed: vault.seal(Buffer.from(text), at), text, publicKey: null };
  }
  const { privateKey, publicKey } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  return { sealed: vault.seal(privateKey, at), text: undefined, publicKey };
}
