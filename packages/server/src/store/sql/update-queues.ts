import type { Queryable } from "../database.ts";
import { QUEUE_MARK } from "./queue-row.ts";

/** What the owner of a queue found out of its target. Times are in milliseconds from now; null: neither slowed, nor open. */
export interface QueueChange {
  readonly targetId: string;
  readonly slowedMs: number | null;
  readonly openings: number;
  readonly probeMs: number | null;
  /** Pauses it, where it is not paused already. */
  readonly pause: { readonly by: "target" | "loop"; readonly reason: string } | undefined;
}

/** Writes the state of queues that the worker owns, and answers the mark of each (see `StoredQueue`). */
export function updateQueues(
  db: Queryable,
  workerId: string,
  instanceId: string,
  changes: readonly QueueChange[],
): Promise<readonly { readonly targetId: string; readonly mark: string }[]> {
  return db.query({
    name: "update-queues",
    text: `with changed as (
             select * from unnest($3::text[], $4::float8[], $5::int[], $6::float8[], $7::text[], $8::text[])
               as c (target_id, slowed_ms, openings, probe_ms, paused_by, pause_reason)
           )
           update interpose.queues q set
             slowed_until = statement_timestamp() + c.slowed_ms * interval '1 ms',
             breaker_opened_at = case when c.openings > 0 then coalesce(q.breaker_opened_at, statement_timestamp()) end,
             breaker_probe_at = statement_timestamp() + c.probe_ms * interval '1 ms',
             breaker_openings = c.openings,
             paused_at = case when c.paused_by is null then q.paused_at else coalesce(q.paused_at, statement_timestamp()) end,
             paused_by = coalesce(q.paused_by, c.paused_by),
             pause_reason = case when q.paused_by is null then c.pause_reason else q.pause_reason end
           from changed c
           where q.instance_id = $2 and q.target_id = c.target_id and q.owner = $1
           returning q.target_id as "targetId", ${QUEUE_MARK} as mark`,
    values: [
      workerId,
      instanceId,
      changes.map(({ targetId }) => targetId),
      changes.map(({ slowedMs }) => slowedMs),
      changes.map(({ openings }) => openings),
      changes.map(({ probeMs }) => probeMs),
      changes.map(({ pause }) => pause?.by ?? null),
      changes.map(({ pause }) => pause?.reason ?? null),
    ],
  });
}
