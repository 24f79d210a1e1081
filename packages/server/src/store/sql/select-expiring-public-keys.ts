import type { Queryable } from "../database.ts";

/** A public key for which a target's payloads are encrypted, and its end. */
export interface ExpiringPublicKey {
  readonly id: string;
  readonly targetId: string;
  readonly targetName: string;
  readonly expiresAt: Date;
}

/** Reads active public keys that expire before a time, or have expired, the first to expire first. */
export function selectExpiringPublicKeys(
  db: Queryable,
  instanceId: string,
  before: Date,
  limit: number,
): Promise<readonly ExpiringPublicKey[]> {
  return db.query<ExpiringPublicKey>({
    text: `select k.id, k.target_id as "targetId", t.name as "targetName", k.expires_at as "expiresAt"
           from interpose.public_keys k join interpose.targets t on t.instance_id = k.instance_id and t.id = k.target_id
           where k.instance_id = $1 and k.active and k.expires_at < $2
           order by k.expires_at, k.id limit $3`,
    values: [instanceId, before, limit],
  });
}
