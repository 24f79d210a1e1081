import type { Condition } from "@interpose/engine";
import { onlyRow, type Queryable } from "../database.ts";
import type { StoredExecution } from "../records.ts";
import { EXECUTION_COLUMNS, executionFromRow, type ExecutionRow } from "./execution-row.ts";

/** What an execution must fulfil. */
export type ExecutionFilter =
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "type"; readonly type: Condition["kind"] }
  /** Its own list names this target. */
  | { readonly kind: "target"; readonly id: string }
  /** Its own list names this include, by the id of its condition. */
  | { readonly kind: "include"; readonly id: string };

/** A search for executions. They are sorted by id. */
export interface ExecutionSearch {
  /** All of them must hold. */
  readonly filters: readonly ExecutionFilter[];
  readonly offset: bigint;
  /** 0 stands for no limit. */
  readonly limit: number;
}

/** Largest offset that PostgreSQL can be given. Clients may send more; behind this there is nothing either. */
export const LARGEST_OFFSET = 2n ** 63n - 1n;

/** Finds executions, and counts all that match, whatever part of them is asked for. */
export async function searchExecutions(
  db: Queryable,
  instanceId: string,
  { filters, offset, limit }: ExecutionSearch,
): Promise<{ readonly total: number; readonly executions: readonly StoredExecution[] }> {
  const values: unknown[] = [instanceId];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const where = ["x.instance_id = $1", ...filters.map((filter) => conditionOf(filter, parameter))].join(" and ");
  const { total } = onlyRow(
    await db.query<{ total: number }>({
      text: `select count(*)::int as total from interpose.executions x where ${where}`,
      values,
    }),
  );
  const from = parameter(offset > LARGEST_OFFSET ? LARGEST_OFFSET : offset);
  const most = parameter(limit === 0 ? null : limit);
  const rows = await db.query<ExecutionRow>({
    text: `select ${EXECUTION_COLUMNS} from interpose.executions x where ${where}
           order by x.id collate "C" offset ${from}::bigint limit ${most}::bigint`,
    values,
  });
  return { total, executions: rows.map((row) => executionFromRow(row, instanceId)) };
}

function conditionOf(filter: ExecutionFilter, parameter: (value: unknown) => string): string {
  switch (filter.kind) {
    case "ids":
      return `x.id = any (${parameter(filter.ids)}::text[])`;
    case "type":
      return `x.kind = ${parameter(filter.type)}`;
    case "target":
      return entryExists("target_id", parameter(filter.id));
    case "include":
      return entryExists("include_id", parameter(filter.id));
  }
}

function entryExists(column: "target_id" | "include_id", value: string): string {
  return `exists (select from interpose.execution_entries e
            where e.instance_id = x.instance_id and e.execution_id = x.id and e.${column} = ${value})`;
}
