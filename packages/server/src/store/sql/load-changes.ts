import type { Database, Transaction } from "../database.ts";
import type { StoredExecution, StoredTarget } from "../records.ts";
import { EXECUTION_COLUMNS, executionFromRow, type ExecutionRow } from "./execution-row.ts";
import { loadKeys, type LoadedKeys } from "./load-keys.ts";
import { readRevision } from "./read-revision.ts";
import { TARGET_COLUMNS, targetFromRow, type TargetRow } from "./target-row.ts";

/** What became of targets and executions since a revision. */
export interface LoadedChanges {
  readonly revision: bigint;
  readonly targets: readonly StoredTarget[];
  readonly executions: readonly StoredExecution[];
  readonly removedTargetIds: readonly string[];
  readonly removedExecutionIds: readonly string[];
  /** Undefined where nothing changed. */
  readonly keys: LoadedKeys | undefined;
}

/**
 * Reads what changed since a revision, in one state. Management events of an instance are committed in the order of their positions, so the
 * events behind the revision name all that changed. The event of a removed target also names the executions that lost it.
 */
export function loadChanges(database: Database, instanceId: string, since: bigint): Promise<LoadedChanges> {
  return database.snapshotRead(async (tx) => {
    const { revision } = await readRevision(tx, instanceId);
    const none = {
      revision,
      targets: [],
      executions: [],
      removedTargetIds: [],
      removedExecutionIds: [],
      keys: undefined,
    };
    if (revision === since) return none;
    const { targetIds, executionIds } = await touchedSince(tx, instanceId, since);
    const targets = await tx.query<TargetRow>({
      name: "load-changed-targets",
      text: `select ${TARGET_COLUMNS} from interpose.targets where instance_id = $1 and id = any ($2)`,
      values: [instanceId, targetIds],
    });
    const executions = await tx.query<ExecutionRow>({
      name: "load-changed-executions",
      text: `select ${EXECUTION_COLUMNS} from interpose.executions x where x.instance_id = $1 and x.id = any ($2)`,
      values: [instanceId, executionIds],
    });
    return {
      revision,
      targets: targets.map((row) => targetFromRow(row, instanceId)),
      executions: executions.map((row) => executionFromRow(row, instanceId)),
      removedTargetIds: without(targetIds, targets),
      removedExecutionIds: without(executionIds, executions),
      keys: await loadKeys(tx, instanceId, targetIds),
    };
  });
}

async function touchedSince(
  tx: Transaction,
  instanceId: string,
  since: bigint,
): Promise<{ readonly targetIds: readonly string[]; readonly executionIds: readonly string[] }> {
  const rows = await tx.query<{ type: string; id: string; executions: readonly string[] | null }>({
    name: "load-touched",
    text: `select aggregate_type as type, aggregate_id as id, payload -> 'executions' as executions
           from interpose.events
           where instance_id = $1 and position > $2 and aggregate_type in ('target', 'execution')`,
    values: [instanceId, since],
  });
  const targetIds = new Set<string>();
  const executionIds = new Set<string>();
  for (const { type, id, executions } of rows) {
    (type === "target" ? targetIds : executionIds).add(id);
    for (const executionId of executions ?? []) executionIds.add(executionId);
  }
  return { targetIds: [...targetIds], executionIds: [...executionIds] };
}

function without(ids: readonly string[], found: readonly { readonly id: string }[]): readonly string[] {
  const there = new Set(found.map(({ id }) => id));
  return ids.filter((id) => !there.has(id));
}
