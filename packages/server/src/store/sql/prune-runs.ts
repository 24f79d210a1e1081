import { onlyRow, type Transaction } from "../database.ts";

/** Deletes the oldest runs, those with ids below one, with all that belongs to them, and answers how many: at most `limit`. */
export async function pruneRuns(
  tx: Transaction,
  instanceId: string,
  { before, limit }: { readonly before: bigint; readonly limit: number },
): Promise<number> {
  const rows = await tx.query<{ count: number }>({
    name: "prune-runs",
    text: `with doomed as materialized (
             select id from interpose.runs where instance_id = $1 and id < $2 order by id limit $3
           ), calls as (
             delete from interpose.run_calls where run_id in (select id from doomed)
           ), messages as (
             delete from interpose.run_messages where run_id in (select id from doomed)
           ), runs as (
             delete from interpose.runs where id in (select id from doomed) returning 1
           )
           select count(*)::int as count from runs`,
    values: [instanceId, before, limit],
  });
  return onlyRow(rows).count;
}
