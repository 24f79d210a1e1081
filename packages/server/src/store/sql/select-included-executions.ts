import type { Queryable } from "../database.ts";
import type { StoredExecution } from "../records.ts";
import { EXECUTION_COLUMNS, executionFromRow, type ExecutionRow } from "./execution-row.ts";

/** The executions that some executions include, and those that these include, and so on. What is included and is not there is left out. */
export async function selectIncludedExecutions(
  db: Queryable,
  instanceId: string,
  ids: readonly string[],
): Promise<readonly StoredExecution[]> {
  const rows = await db.query<ExecutionRow>({
    name: "select-included-executions",
    text: `with recursive included as (
             select include_id as id from interpose.execution_entries
             where instance_id = $1 and execution_id = any ($2::text[]) and include_id is not null
             union
             select e.include_id from included join interpose.execution_entries e
             on e.instance_id = $1 and e.execution_id = included.id and e.include_id is not null
           )
           select ${EXECUTION_COLUMNS} from interpose.executions x join included using (id) where x.instance_id = $1`,
    values: [instanceId, ids],
  });
  return rows.map((row) => executionFromRow(row, instanceId));
}
