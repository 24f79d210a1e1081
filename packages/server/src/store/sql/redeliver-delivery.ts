import type { Transaction } from "../database.ts";

/** Sets a locked delivery going again, as if it were new; its attempts go on being numbered. One that is being attempted goes on being so. */
export async function redeliverDelivery(tx: Transaction, id: bigint, state: "waiting" | "blocked"): Promise<void> {
  await tx.query({
    name: "redeliver-delivery",
    text: `update interpose.deliveries
           set state = $2, due_at = clock_timestamp(), failures = 0, reason = null, ended_at = null
           where id = $1`,
    values: [id, state],
  });
}
