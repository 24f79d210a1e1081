import type { Transaction } from "../database.ts";

/** What became of the executions that named a target. */
export interface RemovedTarget {
  /** Ids of all executions whose list lost the target. */
  readonly touched: readonly string[];
  /** Those of them whose list is empty now. */
  readonly emptied: readonly string[];
}

/** Takes a target out of every execution's list, and lets each list close up. */
export async function removeTargetFromExecutions(
  tx: Transaction,
  instanceId: string,
  targetId: string,
): Promise<RemovedTarget> {
  const removed = await tx.query<{ id: string }>({
    name: "remove-target-entries",
    text: `delete from interpose.execution_entries where instance_id = $1 and target_id = $2 returning execution_id as id`,
    values: [instanceId, targetId],
  });
  const touched = [...new Set(removed.map(({ id }) => id))].sort();
  await tx.query({
    name: "remove-shadow-target",
    text: `update interpose.executions set shadow_targets = array_remove(shadow_targets, $2) where instance_id = $1 and $2 = any (shadow_targets)`,
    values: [instanceId, targetId],
  });
  await tx.query({
    name: "close-up-entries",
    text: `update interpose.execution_entries e set position = n.position
           from (
             select execution_id, position as old, row_number() over (partition by execution_id order by position) - 1 as position
             from interpose.execution_entries where instance_id = $1 and execution_id = any ($2)
           ) n
           where e.instance_id = $1 and e.execution_id = n.execution_id and e.position = n.old and n.old <> n.position`,
    values: [instanceId, touched],
  });
  const filled = await tx.query<{ id: string }>({
    name: "select-filled-executions",
    text: `select distinct execution_id as id from interpose.execution_entries where instance_id = $1 and execution_id = any ($2)`,
    values: [instanceId, touched],
  });
  const withEntries = new Set(filled.map(({ id }) => id));
  return { touched, emptied: touched.filter((id) => !withEntries.has(id)) };
}
