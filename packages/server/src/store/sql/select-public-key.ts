import type { Queryable } from "../database.ts";
import { PUBLIC_KEY_COLUMNS, type StoredPublicKey } from "./public-key-row.ts";

/** One public key of a target, if there is one with this id. */
export async function selectPublicKey(
  db: Queryable,
  instanceId: string,
  targetId: string,
  id: string,
): Promise<StoredPublicKey | undefined> {
  const [row] = await db.query<StoredPublicKey>({
    text: `select ${PUBLIC_KEY_COLUMNS} from interpose.public_keys where instance_id = $1 and target_id = $2 and id = $3`,
    values: [instanceId, targetId, id],
  });
  return row;
}
