import type { Transaction } from "../database.ts";

/** Deletes an execution with its list. Answers whether there was one. */
export async function deleteExecution(tx: Transaction, instanceId: string, id: string): Promise<boolean> {
  const rows = await tx.query({
    name: "delete-execution",
    text: "delete from interpose.executions where instance_id = $1 and id = $2 returning id",
    values: [instanceId, id],
  });
  return rows.length > 0;
}
