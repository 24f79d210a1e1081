import type { Queryable } from "../database.ts";
import { QUEUE_HOLD_COLUMNS, type QueueHoldRow } from "./queue-hold-row.ts";

/** The queue of a target, if it has one. */
export async function selectQueue(
  db: Queryable,
  instanceId: string,
  targetId: string,
): Promise<QueueHoldRow | undefined> {
  const [row] = await db.query<QueueHoldRow>({
    name: "select-queue",
    text: `select ${QUEUE_HOLD_COLUMNS} from interpose.queues q where q.instance_id = $1 and q.target_id = $2`,
    values: [instanceId, targetId],
  });
  return row;
}
