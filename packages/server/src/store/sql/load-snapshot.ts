import type { Database, Queryable } from "../database.ts";
import type { StoredExecution, StoredTarget } from "../records.ts";
import { EXECUTION_COLUMNS, executionFromRow, type ExecutionRow } from "./execution-row.ts";
import { loadKeys, type LoadedKeys } from "./load-keys.ts";
import { readRevision } from "./read-revision.ts";
import { TARGET_COLUMNS, targetFromRow, type TargetRow } from "./target-row.ts";

/** All targets and executions of an instance, as of one revision. */
export interface LoadedSnapshot {
  readonly revision: bigint;
  readonly targets: readonly StoredTarget[];
  readonly executions: readonly StoredExecution[];
}

/** Reads everything that a router needs, in one state. */
export function loadSnapshot(
  database: Database,
  instanceId: string,
): Promise<LoadedSnapshot & { readonly keys: LoadedKeys }> {
  return database.snapshotRead(async (tx) => ({
    ...(await readSnapshot(tx, instanceId)),
    keys: await loadKeys(tx, instanceId),
  }));
}

/** Reads all of it but keys where nothing can change meanwhile: in a snapshot, or with the instance locked. */
export async function readSnapshot(db: Queryable, instanceId: string): Promise<LoadedSnapshot> {
  const { revision } = await readRevision(db, instanceId);
  const targets = await db.query<TargetRow>({
    text: `select ${TARGET_COLUMNS} from interpose.targets where instance_id = $1`,
    values: [instanceId],
  });
  const executions = await db.query<ExecutionRow>({
    text: `select ${EXECUTION_COLUMNS} from interpose.executions x where x.instance_id = $1`,
    values: [instanceId],
  });
  return {
    revision,
    targets: targets.map((row) => targetFromRow(row, instanceId)),
    executions: executions.map((row) => executionFromRow(row, instanceId)),
  };
}
