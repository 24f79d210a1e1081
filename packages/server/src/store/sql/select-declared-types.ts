import type { Queryable } from "../database.ts";

/** Answers which of some types of events are declared. Without any, all that are. */
export async function selectDeclaredTypes(
  db: Queryable,
  instanceId: string,
  types?: readonly string[],
): Promise<readonly string[]> {
  const rows = await db.query<{ type: string }>({
    name: "select-declared-types",
    text: `select type from interpose.event_types
           where instance_id = $1 and declared_at is not null and ($2::text[] is null or type = any ($2))
           order by type collate "C"`,
    values: [instanceId, types ?? null],
  });
  return rows.map(({ type }) => type);
}
