import { onlyRow, type Queryable } from "../database.ts";

/** How many public keys a target has. */
export async function countPublicKeys(db: Queryable, instanceId: string, targetId: string): Promise<number> {
  const rows = await db.query<{ count: number }>({
    text: "select count(*)::int as count from interpose.public_keys where instance_id = $1 and target_id = $2",
    values: [instanceId, targetId],
  });
  return onlyRow(rows).count;
}
