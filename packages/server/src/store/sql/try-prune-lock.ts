import { onlyRow, type Transaction } from "../database.ts";

/** Key of the advisory lock under which the record is pruned: any number that nothing else uses. */
const PRUNE_LOCK = 7_103_112_906n;

/** Takes the lock until the transaction ends. False: another server has it. */
export async function tryPruneLock(tx: Transaction): Promise<boolean> {
  const rows = await tx.query<{ taken: boolean }>({
    name: "try-prune-lock",
    text: "select pg_try_advisory_xact_lock($1) as taken",
    values: [PRUNE_LOCK],
  });
  return onlyRow(rows).taken;
}
