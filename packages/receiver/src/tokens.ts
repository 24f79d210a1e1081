import {
  compactDecrypt,
  compactVerify,
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  importJWK,
  importPKCS8,
  type CryptoKey,
  type JSONWebKeySet,
  type JWK,
  type ProtectedHeaderParameters,
} from "jose";
import { ReceiverError } from "./error.ts";
import type { Opener } from "./receiver.ts";

/** How a body is written: plain JSON, signed by the instance (a compact JWS), or that, encrypted to the target (a compact JWE). */
export type PayloadType = "json" | "jwt" | "jwe";

/** Algorithms of JWS that can be allowed. Each has a public key: none of them takes a key for what it is not. */
export const SIGNATURE_ALGORITHMS = [
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
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** A private key that the target's public keys go with. */
export interface DecryptionKey {
  /** The id that the public key has at the instance. It is tried first for a body that names it. */
  readonly kid?: string | undefined;
  /** PKCS #8 as PEM, a JWK, or a key of WebCrypto: RSA, or one of the curves of NIST. */
  readonly key: string | JWK | CryptoKey;
}

/** Choices of `createOpener()`. */
export interface OpenerOptions {
  /** The instance's public keys: where they are, such as `https://…/.well-known/jwks.json`, or the set itself. From an address they are fetched when needed, and kept for ten minutes. */
  readonly jwks: string | URL | JSONWebKeySet;
  /** Algorithms that the instance may sign with. Default: RS256 alone, which Interpose uses. */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** The target's private keys; several while one takes the place of another. */
  readonly decryptionKeys?: readonly DecryptionKey[] | undefined;
  /** What bodies may be. Default: JWE where there are decryption keys, else JWT, and nothing weaker. Name more while a target goes from one to another. */
  readonly accept?: readonly PayloadType[] | undefined;
}

const KEY_ALGORITHMS = ["RSA-OAEP-256", "ECDH-ES+A256KW"];
const CONTENT_ALGORITHMS = ["A256GCM"];
const MAX_DECRYPTION_KEYS = 16;

/**
 * Makes what opens the bodies of a target whose payload type is JWT or JWE: decrypts them with its private keys, and verifies them by the instance's. The
 * function throws `payload_type`, `undecryptable`, `token_invalid` and `keys_unavailable`; `createOpener()` itself `options_invalid`.
 */
export function createOpener({ jwks, algorithms = ["RS256"], decryptionKeys = [], accept }: OpenerOptions): Opener {
  const accepted = accept ?? [decryptionKeys.length > 0 ? "jwe" : "jwt"];
  checkOptions(algorithms, decryptionKeys, accepted);
  const keySet = readJwks(jwks);

  async function payloadOf(jws: string): Promise<string> {
    try {
      const { payload } = await compactVerify(jws, keySet, { algorithms: [...algorithms] });
      return new TextDecoder("utf-8", { fatal: true }).decode(payload);
    } catch (error) {
      throw errorFromJose(error);
    }
  }

  return async (body) => {
    const text = body.trim();
    const type = typeOf(text);
    if (!accepted.includes(type))
      throw new ReceiverError("payload_type", `The body is ${NAMES[type]}. Accepted here: ${accepted.join(", ")}.`);
    if (type === "json") return text;
    if (type === "jwt") return payloadOf(text);
    const inner = await decrypted(text, decryptionKeys);
    // Whoever has the public key can encrypt: only the signature within says who did.
    if (typeOf(inner) !== "jwt") throw new ReceiverError("token_invalid", "What the JWE holds is not signed.");
    return payloadOf(inner);
  };
}

const NAMES: Readonly<Record<PayloadType, string>> = { json: "plain JSON", jwt: "a JWT", jwe: "a JWE" };

function typeOf(text: string): PayloadType {
  if (text.startsWith("{")) return "json";
  const parts = text.split(".", 6).length;
  if (parts === 3) return "jwt";
  if (parts === 5) return "jwe";
  throw new ReceiverError("payload_type", "The body is neither JSON, nor a compact JWS, nor a compact JWE.");
}

function checkOptions(
  algorithms: readonly string[],
  decryptionKeys: readonly DecryptionKey[],
  accepted: readonly PayloadType[],
): void {
  const known: readonly string[] = SIGNATURE_ALGORITHMS;
  const unknown = algorithms.find((algorithm) => !known.includes(algorithm));
  if (unknown !== undefined || algorithms.length === 0)
    throw invalid(`algorithms has ${unknown ?? "nothing in it"}. It may have ${known.join(", ")}.`);
  if (decryptionKeys.length > MAX_DECRYPTION_KEYS)
    throw invalid(`There are ${decryptionKeys.length} decryptionKeys, and ${MAX_DECRYPTION_KEYS} are the most.`);
  if (accepted.length === 0) throw invalid("accept has nothing in it.");
  if (accepted.includes("jwe") && decryptionKeys.length === 0)
    throw invalid("accept has jwe, and there are no decryptionKeys.");
}

type KeySet = ReturnType<typeof createLocalJWKSet> | ReturnType<typeof createRemoteJWKSet>;

function readJwks(jwks: OpenerOptions["jwks"]): KeySet {
  try {
    return typeof jwks === "string" || jwks instanceof URL
      ? createRemoteJWKSet(new URL(jwks))
      : createLocalJWKSet(jwks);
  } catch (error) {
    throw new ReceiverError("options_invalid", "jwks is neither an address nor a set of keys.", { cause: error });
  }
}

async function decrypted(jwe: string, keys: readonly DecryptionKey[]): Promise<string> {
  const header = headerOf(jwe);
  const { alg = "", kid } = header;
  if (header.zip !== undefined) throw undecryptable("it is compressed, which no sender does");
  if (!KEY_ALGORITHMS.includes(alg)) throw undecryptable(`its algorithm is none of ${KEY_ALGORITHMS.join(", ")}`);
  const named = keys.filter((key) => kid !== undefined && key.kid === kid);
  const others = keys.filter((key) => !named.includes(key));
  for (const { key } of [...named, ...others]) {
    const plaintext = await plaintextOf(jwe, alg, key);
    if (plaintext !== undefined) return plaintext;
  }
  throw undecryptable(`none of the private keys (${keys.length}) opens it`);
}

function headerOf(jwe: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(jwe);
  } catch {
    throw undecryptable("its header cannot be read");
  }
}

/** What a key makes of it: `undefined` where it is another key, or one of another kind. */
async function plaintextOf(jwe: string, alg: string, key: DecryptionKey["key"]): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, await imported(key, alg), {
      keyManagementAlgorithms: KEY_ALGORITHMS,
      contentEncryptionAlgorithms: CONTENT_ALGORITHMS,
    });
    return new TextDecoder().decode(plaintext);
  } catch {
    return undefined;
  }
}

async function imported(key: DecryptionKey["key"], alg: string): Promise<CryptoKey | Uint8Array> {
  if (typeof key === "string") return importPKCS8(key, alg);
  // A secret key has `oct` for its kind, and opens nothing here: its algorithms are not allowed.
  return isJwk(key) ? importJWK(key, alg) : key;
}

function isJwk(key: JWK | CryptoKey): key is JWK {
  return "kty" in key;
}

function errorFromJose(error: unknown): ReceiverError {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return invalidToken("none, or more than one, of the instance's keys fits its header", error);
  if (error instanceof errors.JOSEAlgNotAllowed) return invalidToken("its algorithm is not allowed", error);
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalidToken("its signature is wrong", error);
  const isOfToken = error instanceof errors.JWSInvalid || error instanceof errors.JOSENotSupported;
  if (isOfToken) return invalidToken("it is malformed", error);
  return new ReceiverError("keys_unavailable", "The instance's keys could not be had.", { cause: error });
}

function invalidToken(why: string, cause: unknown): ReceiverError {
  return new ReceiverError("token_invalid", `The JWT is not the instance's: ${why}.`, { cause });
}

function undecryptable(why: string): ReceiverError {
  return new ReceiverError("undecryptable", `The JWE cannot be opened: ${why}.`);
}

function invalid(message: string): ReceiverError {
  return new ReceiverError("options_invalid", message);
}
