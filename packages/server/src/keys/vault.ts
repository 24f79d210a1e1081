import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from "node:crypto";

/** Length of a master key. */
export const MASTER_KEY_BYTES = 32;

/** Whether a text is a master key: base64 of 32 bytes. */
export function isMasterKey(text: string): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.byteLength === MASTER_KEY_BYTES && bytes.toString("base64") === text;
}

/** Where a sealed value is kept. It is bound to that place: moved to another, it does not open. */
export interface SealPlace {
  /** Table and column, such as `signing_keys.sealed`. */
  readonly column: string;
  readonly instanceId: string;
  /** Ids of the row within the instance, in the order of its key. */
  readonly ids: readonly string[];
}

/** Seals and opens secrets. */
export interface Vault {
  /** Id of the master key that seals, in hex. Tells nothing of the key. */
  readonly keyId: string;
  /** Encrypts a secret with the current master key. */
  seal(secret: Uint8Array, place: SealPlace): Buffer;
  /** Decrypts what was sealed with one of the master keys for the same place. Throws `SealError`, which tells nothing of the secret. */
  open(sealed: Uint8Array, place: SealPlace): Buffer;
}

/** Why a sealed value does not open. */
export class SealError extends Error {
  override readonly name = "SealError";
}

const VERSION = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;

/**
 * A vault of master keys, each of 32 bytes: the first one seals, all of them open. A sealed value is one byte with the format's version, 8 with the master key's
 * id, 12 with a random nonce, the ciphertext, and 16 with the tag of AES-256-GCM (NIST SP 800-38D). Version, master key's id and place are authenticated with it. What encrypts, and
 * the id, are derived from the master key by HKDF (RFC 5869). Random nonces allow for 2^32 values of one master key, and for no more.
 */
export function createVault(masterKeys: readonly [Uint8Array, ...Uint8Array[]]): Vault {
  const [current, ...former] = masterKeys;
  const sealing = derived(current);
  const keys = new Map([sealing, ...former.map(derived)].map((each) => [each.id, each.key]));
  return {
    keyId: sealing.id,

    seal(secret, place) {
      const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(sealing.id, "hex")]);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealing.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(authenticated(head, place));
      return Buffer.concat([head, nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    },

    open(sealed, place) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes.byteLength < HEAD_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION)
        throw new SealError("it is not in a form that this version of Interpose knows");
      const head = bytes.subarray(0, HEAD_BYTES);
      const keyId = sealedBy(bytes);
      const key = keys.get(keyId);
      if (!key) throw new SealError(`it was sealed with the master key ${keyId}, which was not given`);
      const ciphertextAt = HEAD_BYTES + NONCE_BYTES;
      const nonce = bytes.subarray(HEAD_BYTES, ciphertextAt);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(authenticated(head, place));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(ciphertextAt, -TAG_BYTES)), decipher.final()]);
      } catch {
        throw new SealError("it was changed, or belongs to another place");
      }
    },
  };
}

/** Id of the master key that a value was sealed with, in hex. */
export function sealedBy(sealed: Uint8Array): string {
  return Buffer.from(sealed.subarray(1, HEAD_BYTES)).toString("hex");
}

function derived(masterKey: Uint8Array): { readonly id: string; readonly key: KeyObject } {
  if (masterKey.byteLength !== MASTER_KEY_BYTES)
    throw new Error(`a master key has ${MASTER_KEY_BYTES} bytes, and not ${masterKey.byteLength}`);
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync("sha256", masterKey, "", `interpose vault v${VERSION}: ${purpose}`, length));
  return {
    id: derive("id", KEY_ID_BYTES).toString("hex"),
    key: createSecretKey(derive("aes-256-gcm", MASTER_KEY_BYTES)),
  };
}

/** What is authenticated beside the secret. Each part is preceded by its length, so that no two places read the same. */
function authenticated(head: Buffer, { column, instanceId, ids }: SealPlace): Buffer {
  const parts = [column, instanceId, ...ids].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    return [length, Buffer.from(part)];
  });
  return Buffer.concat([head, ...parts]);
}
