import type { Queryable } from "../database.ts";
import type { OrderedKey } from "./promote-heads.ts";

/** A key that has something unfinished. */
export interface UnfinishedKey extends OrderedKey {
  /** Whether something of it waits behind something else. */
  readonly hasQueued: boolean;
}

/** Keys of a target's unfinished deliveries: those after `after`, in their order, at most `limit`. */
export function selectUnfinishedKeys(
  db: Queryable,
  targetId: string,
  after: string | null,
  limit: number,
): Promise<readonly UnfinishedKey[]> {
  // From key to key through the index, past all else of the same key.
  return db.query<UnfinishedKey>({
    name: "select-unfinished-keys",
    text: `with recursive key as (
             (select fifo_key, 1 as nth from interpose.deliveries
              where target_id = $1 and fifo_key is not null and ($2::text is null or fifo_key > $2) and state in ('blocked', 'queued', 'waiting')
              order by fifo_key limit 1)
             union all
             select n.fifo_key, k.nth + 1 from key k cross join lateral (
               select d.fifo_key from interpose.deliveries d
               where d.target_id = $1 and d.fifo_key is not null and d.fifo_key > k.fifo_key and d.state in ('blocked', 'queued', 'waiting')
               order by d.fifo_key limit 1
             ) as n where k.nth < $3
           )
           select $1::text as "targetId", fifo_key as "fifoKey", exists (
             select from interpose.deliveries q
             where q.target_id = $1 and q.fifo_key = key.fifo_key and q.state in ('blocked', 'queued', 'waiting') and q.state = 'queued'
           ) as "hasQueued" from key`,
    values: [targetId, after, limit],
  });
}
