import type { Queryable } from "../database.ts";
import { INSTANCE_KEY_COLUMNS, type StoredInstanceKey } from "./instance-key-row.ts";

/** The instance's newest key. Undefined: it has none. */
export async function selectNewestInstanceKey(
  db: Queryable,
  instanceId: string,
): Promise<StoredInstanceKey | undefined> {
  const [row] = await db.query<StoredInstanceKey>({
    name: "select-newest-instance-key",
    text: `select ${INSTANCE_KEY_COLUMNS} from interpose.instance_keys where instance_id = $1 and retired_at is null`,
    values: [instanceId],
  });
  return row;
}
