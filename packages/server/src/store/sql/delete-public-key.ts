import type { Transaction } from "../database.ts";

/** Deletes a public key of a target. */
export async function deletePublicKey(
  tx: Transaction,
  instanceId: string,
  targetId: string,
  id: string,
): Promise<void> {
  await tx.query({
    text: "delete from interpose.public_keys where instance_id = $1 and target_id = $2 and id = $3",
    values: [instanceId, targetId, id],
  });
}
