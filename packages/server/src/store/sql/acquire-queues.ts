import type { Queryable } from "../database.ts";
import { QUEUE_COLUMNS, type StoredQueue } from "./queue-row.ts";

/** Takes queues that nobody owns, or whose owner's lease is over, at most `limit`. A worker without a lease gets none. */
export function acquireQueues(
  db: Queryable,
  workerId: string,
  instanceId: string,
  limit: number,
): Promise<readonly StoredQueue[]> {
  return db.query<StoredQueue>({
    name: "acquire-queues",
    text: `with living as materialized (
             select id from interpose.workers where instance_id = $2 and lease_until > statement_timestamp()
           ), free as materialized (
             select f.target_id from interpose.queues f
             where f.instance_id = $2 and (f.owner is null or not exists (select from living l where l.id = f.owner))
             order by f.target_id limit $3 for update of f skip locked
           )
           update interpose.queues q set owner = $1 from free
           where q.instance_id = $2 and q.target_id = free.target_id and exists (select from living where id = $1)
           returning ${QUEUE_COLUMNS}`,
    values: [workerId, instanceId, limit],
  });
}
