import type { Transaction } from "../database.ts";

/** Revokes a token that is not revoked yet. Answers whether there was one. */
export async function revokeToken(tx: Transaction, instanceId: string, id: string, at: Date): Promise<boolean> {
  const rows = await tx.query({
    name: "revoke-token",
    text: "update interpose.tokens set revoked_at = $3 where instance_id = $1 and id = $2 and revoked_at is null returning id",
    values: [instanceId, id, at],
  });
  return rows.length > 0;
}
