import type { Queryable } from "../database.ts";
import { QUEUE_HOLD_COLUMNS, type QueueHoldRow } from "./queue-hold-row.ts";

/** A queue with what there is in it, each counted up to a limit. */
export interface CountedQueue extends QueueHoldRow {
  readonly targetId: string;
  /** Those that wait for their time or for the queue, with those that are being attempted. */
  readonly waiting: number;
  readonly running: number;
  readonly dead: number;
}

/** Counts what waits and what is dead in each queue, up to `limit` of each, by index. `targetIds`: of these targets alone; default: of all that have anything of either. */
export function countQueues(
  db: Queryable,
  instanceId: string,
  limit: number,
  targetIds?: readonly string[],
): Promise<readonly CountedQueue[]> {
  return db.query<CountedQueue>({
    name: "count-queues",
    text: `select q.target_id as "targetId", ${QUEUE_HOLD_COLUMNS}, due.waiting, due.running, ended.dead
           from interpose.queues q
           cross join lateral (
             select count(*)::int as waiting, count(claimed_by)::int as running from (
               select d.claimed_by from interpose.deliveries d
               where d.target_id = q.target_id and d.instance_id = q.instance_id and d.state = 'waiting'
               order by d.due_at, d.id limit $2
             ) as counted
           ) as due
           cross join lateral (
             select count(*)::int as dead from (
               select from interpose.deliveries d
               where d.target_id = q.target_id and d.instance_id = q.instance_id and d.state = 'dead' limit $2
             ) as counted
           ) as ended
           where q.instance_id = $1 and ($3::text[] is null or q.target_id = any ($3))
             and ($3::text[] is not null or due.waiting > 0 or ended.dead > 0)`,
    values: [instanceId, limit, targetIds ?? null],
  });
}
