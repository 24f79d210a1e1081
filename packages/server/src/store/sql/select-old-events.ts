import type { Queryable } from "../database.ts";

/** Positions of the next events of the log that were appended before a time. None: the log has come to that time. */
export async function selectOldEvents(
  db: Queryable,
  { after, before, limit }: { readonly after: bigint; readonly before: string; readonly limit: number },
): Promise<readonly bigint[]> {
  const rows = await db.query<{ position: bigint; isOld: boolean }>({
    name: "select-old-events",
    text: `select position, created_at < $2 as "isOld" from interpose.events where position > $1 order by position limit $3`,
    values: [after, before, limit],
  });
  const firstNew = rows.findIndex(({ isOld }) => !isOld);
  return (firstNew < 0 ? rows : rows.slice(0, firstNew)).map(({ position }) => position);
}
