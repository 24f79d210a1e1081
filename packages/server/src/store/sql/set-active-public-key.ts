import type { Transaction } from "../database.ts";

/** Makes one public key of a target the active one, and the others not; or, for null, none. */
export async function setActivePublicKey(
  tx: Transaction,
  instanceId: string,
  targetId: string,
  { id, at }: { readonly id: string | null; readonly at: Date },
): Promise<void> {
  // Apart, since only one can be active at any moment.
  await tx.query({
    text: `update interpose.public_keys set active = false, changed_at = $3 where instance_id = $1 and target_id = $2 and active`,
    values: [instanceId, targetId, at],
  });
  if (id === null) return;
  await tx.query({
    text: `update interpose.public_keys set active = true, changed_at = $4 where instance_id = $1 and target_id = $2 and id = $3`,
    values: [instanceId, targetId, id, at],
  });
}
