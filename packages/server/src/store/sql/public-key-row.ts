/** A public key of a target. */
export interface StoredPublicKey {
  readonly id: string;
  readonly pem: string;
  readonly fingerprint: string;
  /** Whether payloads are encrypted for it, as long as it has not expired. */
  readonly active: boolean;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** The columns of a public key, under the names of `StoredPublicKey`. */
export const PUBLIC_KEY_COLUMNS = `id, pem, fingerprint, active, expires_at as "expiresAt", created_at as "createdAt", changed_at as "changedAt"`;
