import { onlyRow, type Transaction } from "../database.ts";

/**
 * Locks an instance until the transaction ends: its management commands follow each other, on all nodes. Answers its revision. Rows that refer to the instance can be inserted meanwhile:
 * publishers and commands do not wait for each other.
 */
export async function lockInstance(tx: Transaction, instanceId: string): Promise<bigint> {
  const rows = await tx.query<{ revision: bigint }>({
    name: "lock-instance",
    text: "select revision from interpose.instances where id = $1 for no key update",
    values: [instanceId],
  });
  return onlyRow(rows).revision;
}
