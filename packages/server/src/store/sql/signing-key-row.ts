/** How a signing key signs: HMAC-SHA256, or Ed25519. */
export type SigningAlgorithm = "hmac" | "ed25519";

/** A key that signs what a target is sent, without what is secret of it. */
export interface StoredSigningKey {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  /** Of a pair, as SubjectPublicKeyInfo (DER). */
  readonly publicKey: Uint8Array | null;
  readonly createdAt: Date;
  /** From then on it does not sign. Null: none has taken its place. */
  readonly expiresAt: Date | null;
}

/** A signing key with its secret, sealed. */
export interface SealedSigningKey extends StoredSigningKey {
  readonly targetId: string;
  readonly sealed: Uint8Array;
}

/** The columns of a signing key but for its secret, under the names of `StoredSigningKey`. */
export const SIGNING_KEY_COLUMNS = `id, algorithm, public_key as "publicKey", created_at as "createdAt", expires_at as "expiresAt"`;
