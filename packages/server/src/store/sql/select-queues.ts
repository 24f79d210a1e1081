import type { Queryable } from "../database.ts";
import { QUEUE_COLUMNS, type StoredQueue } from "./queue-row.ts";

/** Reads the queues that a worker owns: those of some targets, or all. */
export function selectQueues(
  db: Queryable,
  workerId: string,
  instanceId: string,
  targetIds?: readonly string[],
): Promise<readonly StoredQueue[]> {
  return db.query<StoredQueue>({
    name: "select-queues",
    text: `select ${QUEUE_COLUMNS} from interpose.queues q
           where q.instance_id = $2 and q.owner = $1 and ($3::text[] is null or q.target_id = any ($3))`,
    values: [workerId, instanceId, targetIds ?? null],
  });
}
