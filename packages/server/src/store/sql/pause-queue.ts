import type { Transaction } from "../database.ts";

/** Pauses a queue for an operator. One that is paused already has been since it was. */
export async function pauseQueue(tx: Transaction, instanceId: string, targetId: string, reason: string): Promise<void> {
  await tx.query({
    name: "pause-queue",
    text: `update interpose.queues
           set paused_at = coalesce(paused_at, clock_timestamp()), paused_by = 'operator', pause_reason = $3
           where instance_id = $1 and target_id = $2`,
    values: [instanceId, targetId, reason],
  });
}
