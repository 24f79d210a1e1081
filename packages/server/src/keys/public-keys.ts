import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** Longest PEM of a public key, in bytes: more than one of RSA with 16,384 bits has. */
export const MOST_PEM_BYTES = 8 * 1024;

const RSA_BITS = { least: 2048, most: 8192 };
/** What OpenSSL calculates with in reasonable time. */
const LARGEST_RSA_EXPONENT = 0xffff_ffffn;
const CURVES = new Map([
  ["prime256v1", "P-256"],
  ["secp384r1", "P-384"],
  ["secp521r1", "P-521"],
]);
/** One block of RFC 7468, and nothing beside it. */
const PEM = /^\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/\s]+={0,2})\s*-----END PUBLIC KEY-----\s*$/;

/** A public key that payloads can be encrypted for. */
export interface ParsedPublicKey {
  /** As it was given. */
  readonly pem: string;
  /** `SHA256:`, and the SHA-256 of the DER, in base64 without padding. */
  readonly fingerprint: string;
}

/** Why a public key cannot be used. Begins with a verb, for "the public key ...". */
export interface PublicKeyFault {
  readonly fault: string;
}

/** Reads a public key: PEM of a SubjectPublicKeyInfo, RSA of 2,048 to 8,192 bits, or EC on P-256, P-384 or P-521. */
export function parsePublicKey(given: Uint8Array): ParsedPublicKey | PublicKeyFault {
  if (given.byteLength > MOST_PEM_BYTES)
    return { fault: `has ${given.byteLength} bytes; at most ${MOST_PEM_BYTES} are allowed.` };
  const pem = Buffer.from(given).toString("latin1");
  const [, base64] = PEM.exec(pem) ?? [];
  // Node would take the PEM of a private key too, and derive the public one.
  if (base64 === undefined)
    return { fault: 'is not one PEM block "PUBLIC KEY" (SubjectPublicKeyInfo). "openssl pkey -pubout" writes one.' };
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
  } catch {
    return { fault: 'has no key in its PEM block that can be read. "openssl pkey -pubout" writes one.' };
  }
  const fault = faultOf(key);
  if (fault !== undefined) return { fault };
  const der = key.export({ type: "spki", format: "der" });
  const digest = createHash("sha256").update(der).digest("base64").replace(/=+$/, "");
  return { pem, fingerprint: `SHA256:${digest}` };
}

function faultOf({ asymmetricKeyType, asymmetricKeyDetails: details = {} }: KeyObject): string | undefined {
  const type: string = asymmetricKeyType ?? "unknown";
  if (type === "rsa") {
    const { modulusLength = 0, publicExponent = 0n } = details;
    if (modulusLength < RSA_BITS.least || modulusLength > RSA_BITS.most)
      return `is of RSA with ${modulusLength} bits. Use ${RSA_BITS.least} to ${RSA_BITS.most}.`;
    if (publicExponent < 3n || publicExponent > LARGEST_RSA_EXPONENT || publicExponent % 2n === 0n)
      return "is of RSA with an exponent that is not in use. Use 65537.";
    return undefined;
  }
  const curves = [...CURVES.values()].join(", ");
  if (type !== "ec") return `is of the type ${type}. Use RSA, or EC on one of ${curves}.`;
  const { namedCurve = "unknown" } = details;
  return CURVES.has(namedCurve) ? undefined : `is on the curve ${namedCurve}. Use one of ${curves}.`;
}
