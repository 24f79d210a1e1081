import type { Transaction } from "../database.ts";
import type { StoredPublicKey } from "./public-key-row.ts";

/** Inserts a public key of a target. */
export async function insertPublicKey(
  tx: Transaction,
  instanceId: string,
  targetId: string,
  { id, pem, fingerprint, active, expiresAt, createdAt, changedAt }: StoredPublicKey,
): Promise<void> {
  await tx.query({
    text: `insert into interpose.public_keys (instance_id, target_id, id, pem, fingerprint, active, expires_at, created_at, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [instanceId, targetId, id, pem, fingerprint, active, expiresAt, createdAt, changedAt],
  });
}
