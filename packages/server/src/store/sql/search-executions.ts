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
  /** It calls this target: by its own list, or by what that includes. */
  | { readonly kind: "calls"; readonly id: string }
  /** Its own list names this include, by the id of its condition. */
  | { readonly kind: "include"; readonly id: string };

/** What executions are sorted by. */
export type ExecutionSortColumn = "id" | "creationDate" | "changeDate";

/** A search for executions. */
export interface ExecutionSearch {
  /** All of them must hold. */
  readonly filters: readonly ExecutionFilter[];
  readonly sortBy: ExecutionSortColumn;
  readonly ascending: boolean;
  readonly offset: bigint;
  /** 0 stands for no limit. */
  readonly limit: number;
}

/** Largest offset that PostgreSQL can be given. Clients may send more; behind this there is nothing either. */
export const LARGEST_OFFSET = 2n ** 63n - 1n;

/** Ids come last in each order, so that no order is left to chance. */
const ID_ORDER = ['x.id collate "C"'];

const ORDERS: Readonly<Record<ExecutionSortColumn, readonly string[]>> = {
  id: [],
  creationDate: ["x.created_at"],
  changeDate: ["x.changed_at"],
};

/** Finds executions, and counts all that match, whatever part of them is asked for. */
export async function searchExecutions(
  db: Queryable,
  instanceId: string,
  { filters, sortBy, ascending, offset, limit }: ExecutionSearch,
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
  const direction = ascending ? "asc" : "desc";
  const order = [...ORDERS[sortBy], ...ID_ORDER].map((column) => `${column} ${direction}`).join(", ");
  const from = parameter(offset > LARGEST_OFFSET ? LARGEST_OFFSET : offset);
  const most = parameter(limit === 0 ? null : limit);
  const rows = await db.query<ExecutionRow>({
    text: `select ${EXECUTION_COLUMNS} from interpose.executions x where ${where}
           order by ${order} offset ${from}::bigint limit ${most}::bigint`,
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
    case "calls":
      // Of this instance alone, as $1 says. `union` adds no row twice, so it ends whatever the includes are.
      return `x.id in (
        with recursive calling as (
          select execution_id as id from interpose.execution_entries where instance_id = $1 and target_id = ${parameter(filter.id)}
          union
          select e.execution_id from calling join interpose.execution_entries e on e.instance_id = $1 and e.include_id = calling.id
        ) select id from calling)`;
    case "include":
      return entryExists("include_id", parameter(filter.id));
  }
}

function entryExists(column: "target_id" | "include_id", value: string): string {
  return `exists (select from interpose.execution_entries e
            where e.instance_id = x.instance_id and e.execution_id = x.id and e.${column} = ${value})`;
}
