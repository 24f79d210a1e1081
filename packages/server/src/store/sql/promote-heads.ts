import type { Queryable } from "../database.ts";

/** A key of deliveries of one target that follow each other. */
export interface OrderedKey {
  readonly targetId: string;
  readonly fifoKey: string;
}

/**
 * Lets the first unfinished delivery of each key begin where it had to wait behind others, and answers the targets where one does. Of none of the keys may anything be
 * under way: a first one that was sent again by hand would overtake it.
 */
export async function promoteHeads(db: Queryable, keys: readonly OrderedKey[]): Promise<readonly string[]> {
  const rows = await db.query<{ readonly targetId: string }>({
    name: "promote-heads",
    text: `with key as (select distinct * from unnest($1::text[], $2::text[]) as k (target_id, fifo_key)),
           head as (
             select h.* from key k cross join lateral (
               select d.id, d.state from interpose.deliveries d
               where d.target_id = k.target_id and d.fifo_key = k.fifo_key and d.state in ('blocked', 'queued', 'waiting')
               order by d.id limit 1
             ) as h
             where h.state = 'queued'
           )
           update interpose.deliveries d set state = 'waiting', due_at = statement_timestamp()
           from head where d.id = head.id and d.state = head.state returning d.target_id as "targetId"`,
    values: [keys.map(({ targetId }) => targetId), keys.map(({ fifoKey }) => fifoKey)],
  });
  return rows.map(({ targetId }) => targetId);
}
