import type { Queryable } from "../database.ts";
import { runConditions, type RunFilter } from "./run-filter.ts";
import { RUN_COLUMNS, type StoredRun } from "./run-row.ts";

/** A run that came on record. */
export interface NewRun extends StoredRun {
  readonly position: bigint;
  /** Whether it is one of those that are meant. */
  readonly matches: boolean;
}

/** Runs on record behind a position, and at those of `missing`, in the order of their positions; at most `limit`. */
export function selectNewRuns(
  db: Queryable,
  instanceId: string,
  {
    filter,
    behind,
    missing,
    limit,
  }: {
    readonly filter: RunFilter;
    readonly behind: bigint;
    readonly missing: readonly bigint[];
    readonly limit: number;
  },
): Promise<readonly NewRun[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const matches = runConditions(instanceId, filter, parameter);
  return db.query<NewRun>({
    text: `select ${RUN_COLUMNS}, r.position, ${matches} as matches
           from (
             select * from interpose.runs where position = any (${parameter(missing)}::bigint[])
             union all
             (select * from interpose.runs where position > ${parameter(behind)} order by position limit ${parameter(limit)})
           ) r order by r.position`,
    values,
  });
}

/** The largest position there is. */
export async function newestRunPosition(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ position: bigint | null }>({
    name: "newest-run-position",
    text: "select max(position) as position from interpose.runs",
    values: [],
  });
  return row?.position ?? 0n;
}
