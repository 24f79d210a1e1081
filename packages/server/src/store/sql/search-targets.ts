import { onlyRow, type Queryable } from "../database.ts";
import type { StoredTarget } from "../records.ts";
import { LARGEST_OFFSET } from "./search-executions.ts";
import { nameKey, TARGET_COLUMNS, targetFromRow, type TargetRow } from "./target-row.ts";

/** What a target must fulfil. */
export type TargetFilter =
  | {
      readonly kind: "name";
      readonly text: string;
      readonly method: "equals" | "startsWith" | "contains" | "endsWith";
      readonly ignoreCase: boolean;
    }
  | { readonly kind: "ids"; readonly ids: readonly string[] };

/** What targets are sorted by. */
export type TargetSortColumn =
  "id" | "creationDate" | "changeDate" | "name" | "type" | "url" | "timeout" | "interruptOnError";

/** A search for targets. */
export interface TargetSearch {
  /** All of them must hold. */
  readonly filters: readonly TargetFilter[];
  readonly sortBy: TargetSortColumn;
  readonly ascending: boolean;
  readonly offset: bigint;
  /** 0 stands for no limit. */
  readonly limit: number;
}

/** Ids are numbers as text: the shorter is the smaller. They come last in each order, so that no order is left to chance. */
const ID_ORDER = ["length(id)", `id collate "C"`];

const ORDERS: Readonly<Record<TargetSortColumn, readonly string[]>> = {
  id: [],
  creationDate: ["created_at"],
  changeDate: ["changed_at"],
  name: [`name collate "C"`],
  type: [`type collate "C"`],
  url: [`endpoint collate "C"`],
  timeout: ["timeout_ms"],
  interruptOnError: ["interrupt_on_error"],
};

/** Finds targets, and counts all that match, whatever part of them is asked for. */
export async function searchTargets(
  db: Queryable,
  instanceId: string,
  { filters, sortBy, ascending, offset, limit }: TargetSearch,
): Promise<{ readonly total: number; readonly targets: readonly StoredTarget[] }> {
  const values: unknown[] = [instanceId];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const where = ["instance_id = $1", ...filters.map((filter) => conditionOf(filter, parameter))].join(" and ");
  const { total } = onlyRow(
    await db.query<{ total: number }>({
      text: `select count(*)::int as total from interpose.targets where ${where}`,
      values,
    }),
  );
  const direction = ascending ? "asc" : "desc";
  const order = [...ORDERS[sortBy], ...ID_ORDER].map((column) => `${column} ${direction}`).join(", ");
  const from = parameter(offset > LARGEST_OFFSET ? LARGEST_OFFSET : offset);
  const most = parameter(limit === 0 ? null : limit);
  const rows = await db.query<TargetRow>({
    text: `select ${TARGET_COLUMNS} from interpose.targets where ${where} order by ${order} offset ${from}::bigint limit ${most}::bigint`,
    values,
  });
  return { total, targets: rows.map((row) => targetFromRow(row, instanceId)) };
}

function conditionOf(filter: TargetFilter, parameter: (value: unknown) => string): string {
  if (filter.kind === "ids") return `id = any (${parameter(filter.ids)}::text[])`;
  const column = filter.ignoreCase ? "name_key" : "name";
  const text = filter.ignoreCase ? nameKey(filter.text) : filter.text;
  // Without LIKE, nothing in the text needs to be escaped.
  switch (filter.method) {
    case "equals":
      return `${column} = ${parameter(text)}`;
    case "startsWith":
      return `starts_with(${column}, ${parameter(text)})`;
    case "contains":
      return `strpos(${column}, ${parameter(text)}) > 0`;
    case "endsWith": {
      const given = `${parameter(text)}::text`;
      return `right(${column}, length(${given})) = ${given}`;
    }
  }
}
