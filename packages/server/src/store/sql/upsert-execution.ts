import { conditionId, type Execution } from "@interpose/engine";
import type { Transaction } from "../database.ts";
import type { Details } from "../records.ts";

/** Writes an execution and its list as of its newest event, in place of what was there before. Its options stay. */
export async function upsertExecution(
  tx: Transaction,
  instanceId: string,
  execution: Execution,
  details: Details,
): Promise<void> {
  const id = conditionId(execution.condition);
  await tx.query({
    name: "upsert-execution",
    text: `insert into interpose.executions (instance_id, id, kind, sequence, changed_at, created_at)
           values ($1, $2, $3, $4, $5, $5)
           on conflict (instance_id, id) do update set sequence = excluded.sequence, changed_at = excluded.changed_at`,
    values: [instanceId, id, execution.condition.kind, details.sequence, details.changedAt],
  });
  await tx.query({
    name: "delete-entries",
    text: "delete from interpose.execution_entries where instance_id = $1 and execution_id = $2",
    values: [instanceId, id],
  });
  await tx.query({
    name: "insert-entries",
    text: `insert into interpose.execution_entries (instance_id, execution_id, position, target_id, include_id)
           select $1, $2, nth - 1, target_id, include_id
           from unnest($3::text[], $4::text[]) with ordinality as t (target_id, include_id, nth)`,
    values: [
      instanceId,
      id,
      execution.entries.map((entry) => ("target" in entry ? entry.target : null)),
      execution.entries.map((entry) => ("include" in entry ? conditionId(entry.include) : null)),
    ],
  });
}
