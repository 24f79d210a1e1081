import type { Transaction } from "../database.ts";

/**
 * Lets what was skipped for a delivery's sake wait for it again, now that it may still be told: what stands behind it, up to the next target that could not be told
 * and that interrupts.
 */
export async function blockSkippedStages(tx: Transaction, id: bigint): Promise<void> {
  await tx.query({
    name: "block-skipped-stages",
    text: `update interpose.deliveries d set state = 'blocked', reason = null, ended_at = null, failures = 0
           from interpose.deliveries g
           where g.id = $1 and g.gate = 'success' and g.replay_of is null
             and d.event_position = g.event_position and d.stage > g.stage and d.state = 'skipped'
             and not exists (
               select from interpose.deliveries other
               where other.event_position = d.event_position and other.replay_of is null
                 and other.stage > g.stage and other.stage < d.stage and other.gate = 'success' and other.state in ('dead', 'cancelled')
             )`,
    values: [id],
  });
}
