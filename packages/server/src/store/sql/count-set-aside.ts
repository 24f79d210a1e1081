import { onlyRow, type Queryable } from "../database.ts";

/** Deliveries by their state, each counted up to a limit: those of the states that have an index of their own. */
export interface SetAsideCounts {
  readonly blocked: number;
  readonly queued: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly skipped: number;
}

/** Counts what there is of each, up to `limit`, by index. */
export async function countSetAside(db: Queryable, instanceId: string, limit: number): Promise<SetAsideCounts> {
  const count = (state: keyof SetAsideCounts): string =>
    `(select count(*)::int from (select from interpose.deliveries
        where instance_id = $1 and state = '${state}' limit $2) as counted) as ${state}`;
  const rows = await db.query<SetAsideCounts>({
    name: "count-set-aside",
    text: `select ${count("blocked")}, ${count("queued")}, ${count("dead")}, ${count("cancelled")}, ${count("skipped")}`,
    values: [instanceId, limit],
  });
  return onlyRow(rows);
}
