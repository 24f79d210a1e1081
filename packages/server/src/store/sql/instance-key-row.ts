/** A key that the instance signs with, without what is secret of it. */
export interface StoredInstanceKey {
  /** The `kid` of what it signs. */
  readonly id: string;
  /** Public JWK (RFC 7517), as it is served. */
  readonly publicJwk: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  /** From then on the next one signs. Null: it is the newest. */
  readonly retiredAt: Date | null;
}

/** A key of the instance with its secret, sealed. */
export interface SealedInstanceKey extends StoredInstanceKey {
  readonly sealed: Uint8Array;
}

/** The columns of a key of the instance but for its secret, under the names of `StoredInstanceKey`. */
export const INSTANCE_KEY_COLUMNS = `id, public_jwk as "publicJwk", created_at as "createdAt", retired_at as "retiredAt"`;
