import type { Transaction } from "../database.ts";

/** Deletes a stored function. */
export async function deleteFunction(tx: Transaction, instanceId: string, name: string): Promise<void> {
  await tx.query({
    name: "delete-function",
    text: "delete from interpose.functions where instance_id = $1 and name = $2",
    values: [instanceId, name],
  });
}
