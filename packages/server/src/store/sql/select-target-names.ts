import type { Queryable } from "../database.ts";

/** The names of targets by their ids. Those that are gone are left out. */
export async function selectTargetNames(
  db: Queryable,
  instanceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db.query<{ id: string; name: string }>({
    name: "select-target-names",
    text: "select id, name from interpose.targets where instance_id = $1 and id = any ($2)",
    values: [instanceId, ids],
  });
  return new Map(rows.map(({ id, name }) => [id, name]));
}
