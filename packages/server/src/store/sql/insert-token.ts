import type { Transaction } from "../database.ts";
import type { TokenRow } from "./token-row.ts";

/** Inserts a token. */
export async function insertToken(
  tx: Transaction,
  instanceId: string,
  token: Omit<TokenRow, "revokedAt">,
): Promise<void> {
  await tx.query({
    name: "insert-token",
    text: `insert into interpose.tokens (instance_id, id, name, role, permissions, secret_hash, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      instanceId,
      token.id,
      token.name,
      token.role,
      token.permissions,
      token.secretHash,
      token.createdAt,
      token.expiresAt,
    ],
  });
}
