import type { Queryable } from "../database.ts";
import type { StoredTarget } from "../records.ts";
import { TARGET_COLUMNS, targetFromRow, type TargetRow } from "./target-row.ts";

/** One target, if there is one with this id. */
export async function selectTarget(db: Queryable, instanceId: string, id: string): Promise<StoredTarget | undefined> {
  const [row] = await db.query<TargetRow>({
    name: "select-target",
    text: `select ${TARGET_COLUMNS} from interpose.targets where instance_id = $1 and id = $2`,
    values: [instanceId, id],
  });
  return row && targetFromRow(row, instanceId);
}
