import type { Queryable } from "../database.ts";
import { runConditions, type RunFilter } from "./run-filter.ts";
import { RUN_COLUMNS, type StoredRun } from "./run-row.ts";

/** Runs that match, the newest first. */
export function listRuns(
  db: Queryable,
  instanceId: string,
  { filter, limit }: { readonly filter: RunFilter; readonly limit: number },
): Promise<readonly StoredRun[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const where = runConditions(instanceId, filter, parameter);
  return db.query<StoredRun>({
    text: `select ${RUN_COLUMNS} from interpose.runs r where ${where} order by r.id desc limit ${parameter(limit)}`,
    values,
  });
}
