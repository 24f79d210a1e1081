import type { Queryable } from "../database.ts";

/** The current HMAC keys of targets, sealed. A target that has none is left out. */
export function selectSigningSecrets(
  db: Queryable,
  instanceId: string,
  targetIds: readonly string[],
): Promise<readonly { readonly targetId: string; readonly id: string; readonly sealed: Uint8Array }[]> {
  return db.query({
    name: "select-signing-secrets",
    text: `select target_id as "targetId", id, sealed from interpose.signing_keys
           where instance_id = $1 and target_id = any ($2) and algorithm = 'hmac' and expires_at is null`,
    values: [instanceId, targetIds],
  });
}
