import { fromBase64, utf8, type Bytes } from "./bytes.ts";
import { ReceiverError } from "./error.ts";

/**
 * The keys that a target's calls are signed with; several while one takes the place of another. Each is
 * - a signing key as Interpose and ZITADEL show it: its text is the key, for both families,
 * - `whsec_` and base64: a secret as Standard Webhooks writes it, whose bytes are the key,
 * - a public key of Ed25519, for signatures `v1a` of Standard Webhooks: as PEM, as Interpose shows it, or as `whpk_` and base64.
 */
export type SigningKeys = string | readonly string[];

/** A key, read. */
export type ReadKey =
  { readonly kind: "hmac"; readonly secret: Bytes } | { readonly kind: "ed25519"; readonly publicKey: Bytes };

/** Most keys that can be tried: each costs a pass over the body. */
const MAX_KEYS = 16;

/** Reads signing keys. Throws `options_invalid`, which names the key by its place, never by its text. */
export function readKeys(keys: SigningKeys): readonly ReadKey[] {
  const list = typeof keys === "string" ? [keys] : keys;
  if (list.length === 0)
    throw invalid("There is no signing key. Give the one that was shown when the target was made.");
  if (list.length > MAX_KEYS) throw invalid(`There are ${list.length} signing keys, and ${MAX_KEYS} are the most.`);
  return list.map(readKey);
}

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([^-]*)-----END PUBLIC KEY-----\s*$/;
/** What a SubjectPublicKeyInfo of Ed25519 has before its 32 bytes (RFC 8410, section 4), in base64, which they begin a new group of. */
const ED25519_HEAD = "MCowBQYDK2VwAyEA";

function readKey(text: string, place: number): ReadKey {
  const which = `Signing key ${place}`;
  if (typeof text !== "string" || text === "") throw invalid(`${which} is no text, or an empty one.`);
  const [, pem] = PEM.exec(text) ?? [];
  if (pem !== undefined) {
    const base64 = pem.replace(/\s/g, "");
    const publicKey = fromBase64(base64.slice(ED25519_HEAD.length));
    if (!base64.startsWith(ED25519_HEAD) || publicKey?.length !== 32)
      throw invalid(`${which} is a public key as PEM, and not one of Ed25519.`);
    return { kind: "ed25519", publicKey };
  }
  if (text.trim() !== text) throw invalid(`${which} has white space around it, which would be part of it. Cut it off.`);
  if (text.startsWith("whsk_"))
    throw invalid(`${which} is a private key of Ed25519. A receiver is given the public one, which begins with whpk_.`);
  if (text.startsWith("whpk_")) {
    const publicKey = fromBase64(text.slice(5));
    if (publicKey?.length !== 32)
      throw invalid(`${which} begins with whpk_, and the rest is not the base64 of the 32 bytes of an Ed25519 key.`);
    return { kind: "ed25519", publicKey };
  }
  if (!text.startsWith("whsec_")) return { kind: "hmac", secret: utf8(text) };
  const secret = fromBase64(text.slice(6));
  if (secret === undefined) throw invalid(`${which} begins with whsec_, and the rest is no base64.`);
  return { kind: "hmac", secret };
}

function invalid(message: string): ReceiverError {
  return new ReceiverError("options_invalid", message);
}
