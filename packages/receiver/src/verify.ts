import { equalInConstantTime, joined, utf8, type Bytes } from "./bytes.ts";
import { ReceiverError } from "./error.ts";
import { WEBHOOK_SIGNATURE, ZITADEL_SIGNATURE, type HeadersLike } from "./headers.ts";
import type { ReadSignedHead, Signature, SignatureFamily, SignedHead } from "./signature.ts";
import { readKeys, type ReadKey, type SigningKeys } from "./signing-keys.ts";
import { readStandardWebhooks } from "./standard-webhooks.ts";
import { readZitadelSignature } from "./zitadel-signature.ts";

/** Choices of `verify()`. */
export interface VerifyOptions {
  /** How far the time of the signature may lie from now, into the past and into the future, in seconds. Default: 300. */
  readonly toleranceSeconds?: number | undefined;
  /** The headers that count. Default: those of Standard Webhooks where they are there, since they sign an id too; else ZITADEL's. */
  readonly family?: SignatureFamily | undefined;
  /** The time, in milliseconds since 1970. Default: now. */
  readonly now?: number | undefined;
}

/** A call whose signature is right. */
export interface Verified {
  readonly family: SignatureFamily;
  /** The call's id, which is the same when it is sent again. ZITADEL's header signs none, and so there is none. */
  readonly id: string | undefined;
  /** When it was signed. */
  readonly timestamp: Date;
  readonly algorithm: Signature["algorithm"];
  /** Place of the key that signed it, in the keys that were given. */
  readonly keyIndex: number;
}

/** How far clocks and deliveries may be off, in seconds. */
export const DEFAULT_TOLERANCE_SECONDS = 300;

/**
 * Verifies that a call was signed with one of the keys, lately, over exactly this body: the bytes that came, or their text, before anything parsed them. Throws
 * a ReceiverError: `missing`, `malformed`, `duplicate_header`, `oversized`, `too_old`, `too_new`, `no_match`, or `options_invalid`. Headers of a family that are
 * there decide: where they are wrong, those of the other one are not asked.
 */
export async function verify(
  headers: HeadersLike,
  body: string | Uint8Array | ArrayBuffer,
  keys: SigningKeys,
  options: VerifyOptions = {},
): Promise<Verified> {
  const readable = readKeys(keys);
  const { family, head } = signedHead(headers, options.family);
  const signedAt = Number(head.timestamp) * 1000;
  checkTime(signedAt, options);
  const message = joined(utf8(head.prefix), bytesOf(body));
  for (const [keyIndex, key] of readable.entries()) {
    const algorithm = key.kind === "hmac" ? "hmac-sha256" : "ed25519";
    const candidates = head.signatures.filter((signature) => signature.algorithm === algorithm);
    if (candidates.length > 0 && (await signedOne(candidates, key, message)))
      return { family, id: head.id, timestamp: new Date(signedAt), algorithm, keyIndex };
  }
  throw new ReceiverError(
    "no_match",
    `None of the signatures of ${family} was made with one of the keys (${readable.length}) over this body. Give the target's own key, and the body as it came, before it is parsed.`,
  );
}

const READERS: readonly (readonly [SignatureFamily, ReadSignedHead])[] = [
  ["standard-webhooks", readStandardWebhooks],
  ["zitadel", readZitadelSignature],
];

function signedHead(
  headers: HeadersLike,
  wanted: SignatureFamily | undefined,
): { readonly family: SignatureFamily; readonly head: SignedHead } {
  for (const [family, read] of READERS) {
    if (wanted !== undefined && wanted !== family) continue;
    const head = read(headers);
    if (head !== undefined) return { family, head };
  }
  const names = { "standard-webhooks": WEBHOOK_SIGNATURE, zitadel: ZITADEL_SIGNATURE };
  const name = wanted === undefined ? Object.values(names).join(" nor ") : names[wanted];
  throw new ReceiverError("missing", `The call is not signed: ${name} is not among its headers.`);
}

function checkTime(
  signedAt: number,
  { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS, now = Date.now() }: VerifyOptions,
) {
  if (!(toleranceSeconds > 0 && Number.isFinite(toleranceSeconds)))
    throw new ReceiverError("options_invalid", `toleranceSeconds is ${toleranceSeconds}, and must be more than 0.`);
  // A signature says whole seconds: the moment that it names lasts one.
  const age = Math.floor(now / 1000) - signedAt / 1000;
  if (age > toleranceSeconds)
    throw new ReceiverError("too_old", `The call was signed ${age} s ago; ${toleranceSeconds} s are tolerated.`);
  if (-age > toleranceSeconds)
    throw new ReceiverError(
      "too_new",
      `The call was signed ${-age} s in the future; ${toleranceSeconds} s are tolerated. Set the clock.`,
    );
}

function bytesOf(body: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof body === "string") return utf8(body);
  // Not by instanceof, which knows nothing of other realms.
  return ArrayBuffer.isView(body) ? body : new Uint8Array(body);
}

async function signedOne(signatures: readonly Signature[], key: ReadKey, message: Bytes): Promise<boolean> {
  const { subtle } = crypto;
  if (key.kind === "hmac") {
    const hmac = await subtle.importKey("raw", key.secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const expected = new Uint8Array(await subtle.sign("HMAC", hmac, message));
    return signatures.some(({ bytes }) => equalInConstantTime(bytes, expected));
  }
  const publicKey = await subtle.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
  for (const { bytes } of signatures) if (await subtle.verify("Ed25519", publicKey, bytes, message)) return true;
  return false;
}
