import { onlyRow, type Transaction } from "../database.ts";

/** Deletes those of some events that are not of Interpose's own aggregates and that no delivery tells of, and answers how many. */
export async function pruneEvents(
  tx: Transaction,
  instanceId: string,
  positions: readonly bigint[],
  { before, ownTypes }: { readonly before: string; readonly ownTypes: readonly string[] },
): Promise<number> {
  await tx.query({ text: "select set_config('interpose.pruning', 'on', true)", values: [] });
  const rows = await tx.query<{ count: number }>({
    name: "prune-events",
    text: `with pruned as (
             delete from interpose.events e
             where e.position = any ($2::bigint[]) and e.instance_id = $1 and e.aggregate_type <> all ($3) and e.created_at < $4
               and not exists (select from interpose.deliveries d where d.event_position = e.position)
             returning 1
           )
           select count(*)::int as count from pruned`,
    values: [instanceId, positions, ownTypes, before],
  });
  return onlyRow(rows).count;
}
