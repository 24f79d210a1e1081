import { onlyRow, type Queryable } from "../database.ts";

/** The time some days ago, by the database's clock and as it writes it. */
export async function daysAgo(db: Queryable, days: number): Promise<string> {
  const rows = await db.query<{ time: string }>({
    name: "days-ago",
    text: "select (clock_timestamp() - make_interval(days => $1))::text as time",
    values: [days],
  });
  return onlyRow(rows).time;
}
