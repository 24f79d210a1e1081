import type { Queryable } from "../database.ts";
import { SIGNING_KEY_COLUMNS, type StoredSigningKey } from "./signing-key-row.ts";

/** The keys that sign what a target is sent, newest first, without what is secret of them. */
export function listSigningKeys(
  db: Queryable,
  instanceId: string,
  targetId: string,
): Promise<readonly StoredSigningKey[]> {
  return db.query<StoredSigningKey>({
    name: "list-signing-keys",
    text: `select ${SIGNING_KEY_COLUMNS} from interpose.signing_keys
           where instance_id = $1 and target_id = $2 and (expires_at is null or expires_at > clock_timestamp())
           order by created_at desc, length(id) desc, id desc`,
    values: [instanceId, targetId],
  });
}
