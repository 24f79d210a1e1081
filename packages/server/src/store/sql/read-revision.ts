import { onlyRow, type Queryable } from "../database.ts";
import type { Revision } from "../records.ts";

/** How far an instance's targets and executions have come. */
export async function readRevision(db: Queryable, instanceId: string): Promise<Revision> {
  const rows = await db.query<Revision>({
    name: "read-revision",
    text: `select revision, revision_at as "revisionAt" from interpose.instances where id = $1`,
    values: [instanceId],
  });
  return onlyRow(rows);
}
