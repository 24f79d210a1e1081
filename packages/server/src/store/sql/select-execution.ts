import type { Queryable } from "../database.ts";
import type { StoredExecution } from "../records.ts";
import { EXECUTION_COLUMNS, executionFromRow, type ExecutionRow } from "./execution-row.ts";

/** One execution, if there is one with this id. */
export async function selectExecution(
  db: Queryable,
  instanceId: string,
  id: string,
): Promise<StoredExecution | undefined> {
  const [row] = await db.query<ExecutionRow>({
    name: "select-execution",
    text: `select ${EXECUTION_COLUMNS} from interpose.executions x where x.instance_id = $1 and x.id = $2`,
    values: [instanceId, id],
  });
  return row && executionFromRow(row, instanceId);
}
