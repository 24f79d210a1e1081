import type { Queryable } from "../database.ts";

/** What a part of a walk through blocked deliveries came to. */
export interface FreeStages {
  /** The last one that was looked at; null: there are no more. */
  readonly last: { readonly targetId: string; readonly id: bigint } | null;
  /** Events of those before which no gate is closed. */
  readonly eventPositions: readonly bigint[];
}

/**
 * Looks for blocked deliveries before which no gate is closed, among the next `limit` of those of some targets: in the order of these, from the first one's delivery
 * after `after` on. There are none, but where the last gates before them were opened and cancelled in the same instant.
 */
export async function selectFreeStages(
  db: Queryable,
  targetIds: readonly string[],
  after: bigint,
  limit: number,
): Promise<FreeStages> {
  // Each target is an own way into the index, which has nothing but what is set aside. Compared with 'blocked' alone, the order of all ids would seem a shorter one.
  const [row] = await db.query<{ targetId: string | null; id: bigint | null; eventPositions: readonly bigint[] }>({
    name: "select-free-stages",
    text: `with looked_at as materialized (
             select t.nth, b.target_id, b.id, b.event_position, b.stage
             from unnest($1::text[]) with ordinality as t (target_id, nth) cross join lateral (
               select d.target_id, d.id, d.event_position, d.stage from interpose.deliveries d
               where d.target_id = t.target_id and d.state in ('blocked', 'queued', 'dead', 'cancelled', 'skipped')
                 and (d.state, d.id) > ('blocked', case when t.nth = 1 then $2::bigint else 0 end) and d.state <= 'blocked'
               order by d.state, d.id limit $3
             ) as b limit $3
           ), last as (
             select target_id, id from looked_at order by nth desc, id desc limit 1
           ), free as (
             select distinct event_position from looked_at l where not exists (
               select from interpose.deliveries g
               where g.event_position = l.event_position and g.stage < l.stage and g.gate is not null
             )
           )
           select last.target_id as "targetId", last.id, coalesce((select array_agg(event_position) from free), '{}') as "eventPositions"
           from (select) as always left join last on true`,
    values: [targetIds, after, limit],
  });
  const { targetId = null, id = null, eventPositions = [] } = row ?? {};
  return { last: targetId === null || id === null ? null : { targetId, id }, eventPositions };
}
