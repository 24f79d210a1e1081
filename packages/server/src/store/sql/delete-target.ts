import type { Transaction } from "../database.ts";

/** Deletes a target, which no entry may name any more. */
export async function deleteTarget(tx: Transaction, instanceId: string, id: string): Promise<void> {
  await tx.query({
    name: "delete-target",
    text: "delete from interpose.targets where instance_id = $1 and id = $2",
    values: [instanceId, id],
  });
}
