import type { Transaction } from "../database.ts";
import type { SealedInstanceKey } from "./instance-key-row.ts";

/** Inserts the instance's newest key. The one before must have been retired. */
export async function insertInstanceKey(
  tx: Transaction,
  instanceId: string,
  { id, sealed, publicJwk, createdAt }: Omit<SealedInstanceKey, "retiredAt">,
): Promise<void> {
  await tx.query({
    text: `insert into interpose.instance_keys (instance_id, id, algorithm, sealed, public_jwk, created_at)
           values ($1, $2, 'RS256', $3, $4, $5)`,
    values: [instanceId, id, sealed, JSON.stringify(publicJwk), createdAt],
  });
}
