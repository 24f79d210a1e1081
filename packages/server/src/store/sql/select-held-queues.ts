import type { Queryable } from "../database.ts";

/** A queue that does not deliver at the moment. */
export interface HeldQueue {
  readonly targetId: string;
  readonly targetName: string | null;
  /** Null: it is not paused, but its breaker is open. */
  readonly pausedBy: "operator" | "target" | "loop" | null;
  readonly pauseReason: string | null;
  /** Since when it is paused, or its breaker is open. */
  readonly since: Date;
}

/** Reads queues that are paused, or whose breaker is open, those first that were held first. */
export function selectHeldQueues(db: Queryable, instanceId: string, limit: number): Promise<readonly HeldQueue[]> {
  return db.query<HeldQueue>({
    text: `select q.target_id as "targetId", t.name as "targetName", q.paused_by as "pausedBy", q.pause_reason as "pauseReason",
             coalesce(q.paused_at, q.breaker_opened_at) as since
           from interpose.queues q left join interpose.targets t on t.instance_id = q.instance_id and t.id = q.target_id
           where q.instance_id = $1 and (q.paused_at is not null or q.breaker_opened_at is not null)
           order by since, q.target_id limit $2`,
    values: [instanceId, limit],
  });
}
