import type { Queryable } from "../database.ts";

/** Which of many targets have unfinished deliveries with a key. */
export async function selectOrderedTargets(db: Queryable, targetIds: readonly string[]): Promise<readonly string[]> {
  const rows = await db.query<{ readonly targetId: string }>({
    name: "select-ordered-targets",
    text: `select t.target_id as "targetId" from unnest($1::text[]) as t (target_id)
           where exists (
             select from interpose.deliveries d
             where d.target_id = t.target_id and d.fifo_key is not null and d.state in ('blocked', 'queued', 'waiting')
           )`,
    values: [targetIds],
  });
  return rows.map(({ targetId }) => targetId);
}
