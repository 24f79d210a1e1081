import type { Transaction } from "../database.ts";

/** Writes what a target is sent beside its payload, sealed. Null: nothing of its own. */
export async function updateTargetOutbound(
  tx: Transaction,
  instanceId: string,
  targetId: string,
  sealed: Uint8Array | null,
): Promise<void> {
  await tx.query({
    text: "update interpose.targets set sealed_outbound = $3 where instance_id = $1 and id = $2",
    values: [instanceId, targetId, sealed],
  });
}
