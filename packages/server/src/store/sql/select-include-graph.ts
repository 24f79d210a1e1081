import type { ExecutionEntry, IncludeGraph } from "@interpose/engine";
import type { Queryable } from "../database.ts";
import { entryFromText } from "./execution-row.ts";

/** The includes of all executions that have some. */
export async function selectIncludeGraph(db: Queryable, instanceId: string): Promise<IncludeGraph> {
  const rows = await db.query<{ executionId: string; includeId: string }>({
    name: "select-include-graph",
    text: `select execution_id as "executionId", include_id as "includeId" from interpose.execution_entries
           where instance_id = $1 and include_id is not null order by execution_id, position`,
    values: [instanceId],
  });
  const graph = new Map<string, ExecutionEntry[]>();
  for (const { executionId, includeId } of rows) {
    const entries = graph.get(executionId) ?? [];
    graph.set(executionId, entries);
    entries.push(entryFromText(`i${includeId}`));
  }
  return graph;
}
