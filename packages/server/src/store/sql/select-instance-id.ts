import type { Queryable } from "../database.ts";

/** The id of the default instance. Undefined: no server has ever started on this database. */
export async function selectInstanceId(db: Queryable): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>({
    text: "select id from interpose.instances order by created_at, id limit 1",
    values: [],
  });
  return row?.id;
}
