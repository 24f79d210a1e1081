import { onlyRow, type Queryable } from "../database.ts";

/** The sealed value that tells whether a master key is the instance's. `candidate` becomes it where there is none; of servers that start together, one wins for all. */
export async function ensureSealedCheck(db: Queryable, instanceId: string, candidate: Uint8Array): Promise<Uint8Array> {
  const rows = await db.query<{ check: Uint8Array }>({
    text: `update interpose.instances set sealed_check = coalesce(sealed_check, $2) where id = $1 returning sealed_check as check`,
    values: [instanceId, candidate],
  });
  return onlyRow(rows).check;
}
