import type { Queryable } from "../database.ts";

/** A part of a walk through a target's deliveries. */
export interface UnfinishedDeliveries {
  /** The last one that was looked at; null: there are no more. */
  readonly last: bigint | null;
  /** Those that are not over. */
  readonly ids: readonly bigint[];
}

/** Finds what is not over among the next `limit` of a target's deliveries after an id. */
export async function selectUnfinished(
  db: Queryable,
  instanceId: string,
  targetId: string,
  after: bigint,
  limit: number,
): Promise<UnfinishedDeliveries> {
  const [row] = await db.query<UnfinishedDeliveries>({
    name: "select-unfinished",
    text: `select max(id) as last, coalesce(array_agg(id order by id) filter (where state in ('blocked', 'queued', 'waiting')), '{}') as ids
           from (
             select id, state from interpose.deliveries where instance_id = $1 and target_id = $2 and id > $3 order by id limit $4
           ) as next`,
    values: [instanceId, targetId, after, limit],
  });
  return row ?? { last: null, ids: [] };
}
