import type { Queryable } from "../database.ts";

/** The names of all stored functions, in no order. */
export async function listFunctionNames(db: Queryable, instanceId: string): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>({
    name: "list-function-names",
    text: "select name from interpose.functions where instance_id = $1",
    values: [instanceId],
  });
  return rows.map(({ name }) => name);
}
