import { CompactEncrypt, CompactSign } from "jose";
import type { PayloadType } from "@interpose/engine";
import type { TargetCredentials, TokenSigner } from "../credentials.ts";
import { Failed } from "../failure.ts";

/** What a payload is sealed by. */
export interface SealKeys {
  readonly signer: TokenSigner | undefined;
  readonly encryptionKey: TargetCredentials["encryptionKey"];
}

/** How the content key is wrapped for each type of key: RFC 7518, sections 4.3 and 4.6. */
const WRAPPED_BY: Readonly<Record<string, string>> = { rsa: "RSA-OAEP-256", ec: "ECDH-ES+A256KW" };

/**
 * A payload as its target wants it: as a compact JWS of its bytes (RFC 7515), and for `jwe` that again in a compact JWE (RFC 7516), its content encrypted by
 * A256GCM. Rejects with `unsealable` where a key is missing or of no use. jose remembers what it makes of each `KeyObject`, for as long as that lives.
 */
export async function seal(
  payload: Uint8Array,
  type: Exclude<PayloadType, "json">,
  { signer, encryptionKey }: SealKeys,
): Promise<Uint8Array> {
  if (signer === undefined) throw new Failed("unsealable", "this instance has no key to sign tokens with");
  // Before the work of signing.
  if (type === "jwe" && encryptionKey === undefined)
    throw new Failed("unsealable", "the target has no active key to encrypt to");
  const signed = await jws(payload, signer);
  return Buffer.from(encryptionKey === undefined || type === "jwt" ? signed : await jwe(signed, encryptionKey));
}

async function jws(payload: Uint8Array, { keyId, algorithm, privateKey }: TokenSigner): Promise<string> {
  try {
    return await new CompactSign(payload)
      .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: keyId })
      .sign(privateKey);
  } catch (error) {
    throw unusable(`the instance's key "${keyId}" cannot sign by ${algorithm}`, error);
  }
}

async function jwe(
  signed: string,
  { id, publicKey }: NonNullable<TargetCredentials["encryptionKey"]>,
): Promise<string> {
  const kind = publicKey.asymmetricKeyType ?? "secret";
  const alg = WRAPPED_BY[kind];
  if (alg === undefined) throw new Failed("unsealable", `the target's key "${id}" is of type ${kind}, not RSA or EC`);
  try {
    return await new CompactEncrypt(Buffer.from(signed))
      .setProtectedHeader({ alg, enc: "A256GCM", typ: "JWT", cty: "JWT", kid: id })
      .encrypt(publicKey);
  } catch (error) {
    throw unusable(`the target's key "${id}" cannot be encrypted to by ${alg}`, error);
  }
}

/** What is wrong with a key may quote it; the kind of error does not. */
function unusable(what: string, error: unknown): Failed {
  return new Failed("unsealable", `${what}: ${error instanceof Error ? error.name : "unknown error"}`);
}
