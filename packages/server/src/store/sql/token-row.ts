import type { Role } from "../../access/permissions.ts";

/** The columns of a token, under the names of `TokenRow`. */
export const TOKEN_COLUMNS = `id, name, role, permissions, secret_hash as "secretHash", created_at as "createdAt",
  expires_at as "expiresAt", revoked_at as "revokedAt"`;

/** A bearer token as it is stored: its secret is known by its hash alone. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role | null;
  readonly permissions: readonly string[];
  readonly secretHash: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}
