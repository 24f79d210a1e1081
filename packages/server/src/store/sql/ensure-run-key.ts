import { onlyRow, type Queryable } from "../database.ts";

/** The key of an instance that signs chains of runs. `candidate`, of 32 bytes, becomes it where there is none; of servers that start together, one wins for all. */
export async function ensureRunKey(db: Queryable, instanceId: string, candidate: Uint8Array): Promise<Uint8Array> {
  const rows = await db.query<{ key: Uint8Array }>({
    name: "ensure-run-key",
    text: `update interpose.instances set run_key = coalesce(run_key, $2) where id = $1 returning run_key as key`,
    values: [instanceId, candidate],
  });
  return onlyRow(rows).key;
}
