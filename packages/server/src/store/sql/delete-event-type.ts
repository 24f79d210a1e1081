import type { Transaction } from "../database.ts";

/** Forgets a type. Answers whether it was known. */
export async function deleteEventType(tx: Transaction, instanceId: string, type: string): Promise<boolean> {
  const rows = await tx.query({
    name: "delete-event-type",
    text: "delete from interpose.event_types where instance_id = $1 and type = $2 returning type",
    values: [instanceId, type],
  });
  return rows.length > 0;
}
