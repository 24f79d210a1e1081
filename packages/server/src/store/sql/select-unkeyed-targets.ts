import type { Queryable } from "../database.ts";

/** Some of the targets that have no HMAC key, as those that were made before there were any. */
export async function selectUnkeyedTargets(
  db: Queryable,
  instanceId: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db.query<{ id: string }>({
    text: `select id from interpose.targets t
           where instance_id = $1 and not exists (
             select from interpose.signing_keys k
             where k.instance_id = $1 and k.target_id = t.id and k.algorithm = 'hmac' and k.expires_at is null
           )
           limit $2`,
    values: [instanceId, limit],
  });
  return rows.map(({ id }) => id);
}
