import type { Queryable } from "../database.ts";

/** Which of these targets there are. */
export async function selectExistingTargetIds(
  db: Queryable,
  instanceId: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await db.query<{ id: string }>({
    name: "select-existing-target-ids",
    text: "select id from interpose.targets where instance_id = $1 and id = any ($2)",
    values: [instanceId, ids],
  });
  return rows.map(({ id }) => id);
}
