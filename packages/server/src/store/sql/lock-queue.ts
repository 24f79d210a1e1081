import { onlyRow, type Transaction } from "../database.ts";
import { QUEUE_HOLD_COLUMNS, type QueueHoldRow } from "./queue-hold-row.ts";

/** Locks the queue of a target until the transaction ends. A target that has none gets one. */
export async function lockQueue(tx: Transaction, instanceId: string, targetId: string): Promise<QueueHoldRow> {
  await tx.query({
    name: "ensure-queue",
    text: "insert into interpose.queues (instance_id, target_id) values ($1, $2) on conflict do nothing",
    values: [instanceId, targetId],
  });
  return onlyRow(
    await tx.query<QueueHoldRow>({
      name: "lock-queue",
      text: `select ${QUEUE_HOLD_COLUMNS} from interpose.queues q where q.instance_id = $1 and q.target_id = $2 for update`,
      values: [instanceId, targetId],
    }),
  );
}
