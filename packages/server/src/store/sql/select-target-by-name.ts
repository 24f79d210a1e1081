import type { Queryable } from "../database.ts";
import { nameKey } from "./target-row.ts";

/** Id of the target that has this name in any case of letters, if there is one. */
export async function selectTargetByName(db: Queryable, instanceId: string, name: string): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>({
    name: "select-target-by-name",
    // As the index has it that no two have the same.
    text: "select id from interpose.targets where instance_id || '/' || name_key = $1::text || '/' || $2::text",
    values: [instanceId, nameKey(name)],
  });
  return row?.id;
}
