import { onlyRow, type Queryable } from "../database.ts";

/** The time by the database's clock. */
export async function readClock(db: Queryable): Promise<Date> {
  const rows = await db.query<{ now: Date }>({
    name: "read-clock",
    text: "select clock_timestamp() as now",
    values: [],
  });
  return onlyRow(rows).now;
}
