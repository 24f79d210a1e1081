import { onlyRow, type Queryable } from "../database.ts";

/** Deliveries to one target by their state, each counted up to a limit. */
export interface QueueCounts {
  readonly waiting: number;
  readonly blocked: number;
  readonly queued: number;
  readonly dead: number;
  readonly running: number;
  /** When the oldest was created of those that wait. */
  readonly oldestWaitingAt: Date | null;
}

/** Counts what there is of a target, up to `limit` each. What is being attempted stands first among what waits, since it was due first. */
export async function countQueue(
  db: Queryable,
  instanceId: string,
  targetId: string,
  limit: number,
): Promise<QueueCounts> {
  const setAside = (state: string): string =>
    `(select count(*)::int from (select from interpose.deliveries
        where instance_id = $1 and target_id = $2 and state = '${state}' limit $3) as counted)`;
  const rows = await db.query<QueueCounts>({
    name: "count-queue",
    text: `select count(*)::int as waiting, count(claimed_by)::int as running, min(created_at) as "oldestWaitingAt",
             ${setAside("blocked")} as blocked, ${setAside("queued")} as queued, ${setAside("dead")} as dead
           from (
             select claimed_by, created_at from interpose.deliveries
             where instance_id = $1 and target_id = $2 and state = 'waiting' order by due_at, id limit $3
           ) as due`,
    values: [instanceId, targetId, limit],
  });
  return onlyRow(rows);
}
