import type { Transaction } from "../database.ts";

/** Takes away all that holds a queue. */
export async function resumeQueue(tx: Transaction, instanceId: string, targetId: string): Promise<void> {
  await tx.query({
    name: "resume-queue",
    text: `update interpose.queues
           set paused_at = null, paused_by = null, pause_reason = null, slowed_until = null,
             breaker_opened_at = null, breaker_probe_at = null, breaker_openings = 0
           where instance_id = $1 and target_id = $2`,
    values: [instanceId, targetId],
  });
}
