import type { Queryable } from "../database.ts";
import { AFTER_GATES } from "./gates.ts";

/** What opening gates came to. */
export interface OpenedGates {
  /** How many were opened: `limit`, or all. */
  readonly count: number;
  /** Targets of this worker that have something new. */
  readonly released: readonly string[];
}

/**
 * Opens gates that wait for the first attempt of deliveries of targets that are held, at most `limit`: a held target that does not interrupt keeps nobody waiting.
 * `alsoQueued` looks at those too that wait behind others of their key.
 */
export async function openHeldGates(
  db: Queryable,
  workerId: string,
  instanceId: string,
  targetIds: readonly string[],
  limit: number,
  { alsoQueued }: { readonly alsoQueued: boolean },
): Promise<OpenedGates> {
  const rows = await db.query<{ readonly count: number; readonly released: readonly string[] }>({
    name: "open-held-gates",
    text: `with held as materialized (
             select h.id from unnest($3::text[]) as t (target_id) cross join lateral (
               (select d.id from interpose.deliveries d where d.target_id = t.target_id and d.state = 'waiting' and d.gate = 'attempt' limit $4)
               union all
               (select d.id from interpose.deliveries d
                where $5 and d.target_id = t.target_id and d.fifo_key is not null and d.state in ('blocked', 'queued', 'waiting')
                  and d.state = 'queued' and d.gate = 'attempt' limit $4)
             ) as h limit $4
           ), locked as materialized (
             select d.id from interpose.deliveries d where d.id in (select id from held) order by d.id for update of d
           ), changed as (
             update interpose.deliveries d set gate = null from locked l
             where d.id = l.id and d.gate = 'attempt' and d.state in ('waiting', 'queued')
             returning d.event_position, d.stage
           ), ended as (
             select event_position, stage, true as opens, false as interrupts from changed
           ), ${AFTER_GATES}
           select (select count(*)::int from changed) as count, (select count(*) from told) as told,
             coalesce((select array_agg(target_id) from released), '{}') as released`,
    values: [workerId, instanceId, targetIds, limit, alsoQueued],
  });
  return rows[0] ?? { count: 0, released: [] };
}
