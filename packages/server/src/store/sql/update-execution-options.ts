import type { ExecutionOptions } from "@interpose/engine";
import type { Transaction } from "../database.ts";
import type { Details } from "../records.ts";

/** Writes the options of an execution that is there, as of its newest event. */
export async function updateExecutionOptions(
  tx: Transaction,
  instanceId: string,
  id: string,
  { runOnErrors, hiddenFields, fifoBy, match, shadowTargets = [] }: ExecutionOptions,
  details: Details,
): Promise<void> {
  await tx.query({
    name: "update-execution-options",
    text: `update interpose.executions set run_on_errors = $3, hidden_fields = $4, fifo_by = $5, match = $6, shadow_targets = $7,
             sequence = $8, changed_at = $9
           where instance_id = $1 and id = $2`,
    values: [
      instanceId,
      id,
      runOnErrors,
      hiddenFields,
      fifoBy ?? null,
      match ?? null,
      shadowTargets,
      details.sequence,
      details.changedAt,
    ],
  });
}
