import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { StoredInstanceKey } from "../store/sql/instance-key-row.ts";
import { instanceKeyPlace } from "./places.ts";
import type { Vault } from "./vault.ts";

/** Bits of the modulus. What RS256 needs at least (RFC 7518, section 3.3), and what all verifiers take. */
const RSA_BITS = 2048;

/** A key of the instance that was just made. */
export interface NewInstanceKey {
  readonly id: string;
  /** The private key as PKCS #8 (DER), sealed. */
  readonly sealed: Uint8Array;
  readonly publicJwk: StoredInstanceKey["publicJwk"];
}

/** Makes a key that signs payloads. It takes some tenths of a second, on another thread. */
export async function createInstanceKey(vault: Vault, instanceId: string, id: string): Promise<NewInstanceKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: RSA_BITS });
  const { kty = "", n = "", e = "" } = publicKey.export({ format: "jwk" });
  const secret = privateKey.export({ type: "pkcs8", format: "der" });
  return {
    id,
    sealed: vault.seal(secret, instanceKeyPlace(instanceId, id)),
    publicJwk: { kty, n, e, kid: id, alg: "RS256", use: "sig" },
  };
}
