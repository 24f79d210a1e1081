import { parseConditionId, type Condition, type ExecutionEntry, type ExecutionOptions } from "@interpose/engine";
import type { StoredExecution } from "../records.ts";

/** The columns of an execution with its entries, from `interpose.executions x`. */
export const EXECUTION_COLUMNS = `x.id, x.sequence, x.changed_at as "changedAt", x.created_at as "createdAt",
  x.run_on_errors as "runOnErrors", x.hidden_fields as "hiddenFields", x.fifo_by as "fifoBy", x.match, x.shadow_targets as "shadowTargets", array(
    select case when e.target_id is null then 'i' || e.include_id else 't' || e.target_id end
    from interpose.execution_entries e where e.instance_id = x.instance_id and e.execution_id = x.id order by e.position
  ) as entries`;

/** A row of `executions` with its entries: each a text, of which the first letter says whether the rest is a target's id or an include's. */
export interface ExecutionRow {
  readonly id: string;
  readonly sequence: bigint;
  readonly changedAt: Date;
  readonly createdAt: Date;
  readonly runOnErrors: boolean;
  readonly hiddenFields: readonly string[];
  readonly fifoBy: string | null;
  readonly match: "equivalent" | null;
  readonly shadowTargets: readonly string[];
  readonly entries: readonly string[];
}

/** A row as the program knows it. */
export function executionFromRow(
  { id, sequence, changedAt, createdAt, entries, ...options }: ExecutionRow,
  instanceId: string,
): StoredExecution {
  return {
    id,
    condition: storedCondition(id),
    entries: entries.map(entryFromText),
    options: optionsFromRow(options),
    createdAt,
    details: { sequence, changedAt, resourceOwner: instanceId },
  };
}

function optionsFromRow({
  runOnErrors,
  hiddenFields,
  fifoBy,
  match,
  shadowTargets,
}: Pick<ExecutionRow, "runOnErrors" | "hiddenFields" | "fifoBy" | "match" | "shadowTargets">): ExecutionOptions {
  return {
    runOnErrors,
    hiddenFields,
    ...(fifoBy !== null && { fifoBy }),
    ...(match !== null && { match }),
    ...(shadowTargets.length > 0 && { shadowTargets }),
  };
}

/** An entry as `EXECUTION_COLUMNS` writes it. */
export function entryFromText(text: string): ExecutionEntry {
  return text.startsWith("t") ? { target: text.slice(1) } : { include: storedCondition(text.slice(1)) };
}

function storedCondition(id: string): Condition {
  const condition = parseConditionId(id);
  if (!condition) throw new Error(`the store holds an execution with the id "${id}", which is no condition`);
  return condition;
}
