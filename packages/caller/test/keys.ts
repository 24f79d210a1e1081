import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { TargetCredentials, TokenSigner } from "../src/credentials.ts";

/** Credentials with nothing in them but what a test gives. */
export function credentials(given: Partial<TargetCredentials> = {}): () => TargetCredentials {
  const complete = { signingKeys: [], ...given };
  return () => complete;
}

/** A signer with a new key, and the key to verify with. */
export function newSigner(keyId = "signer-1"): { readonly signer: TokenSigner; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { signer: { keyId, algorithm: "RS256", privateKey }, publicKey };
}
