import type { Transaction } from "../database.ts";

/**
 * Locks the gates of some events, waits with that for whoever is opening one, and lets begin what no earlier gate holds back: what moved up while the gate before
 * was being opened was not seen by who did that. Answers the targets.
 */
export async function beginStagesOfOpenGates(
  tx: Transaction,
  eventPositions: readonly bigint[],
): Promise<readonly { readonly targetId: string }[]> {
  await tx.query({
    name: "lock-gates",
    text: "select id from interpose.deliveries where event_position = any ($1::bigint[]) and replay_of is null order by id for update",
    values: [eventPositions],
  });
  return tx.query({
    name: "begin-stages-of-open-gates",
    text: `update interpose.deliveries d set state = 'waiting', due_at = clock_timestamp()
           where d.event_position = any ($1::bigint[]) and d.state = 'blocked' and not exists (
             select from interpose.deliveries g where g.event_position = d.event_position and g.stage < d.stage and g.gate is not null and g.replay_of is null
           )
           returning d.target_id as "targetId"`,
    values: [eventPositions],
  });
}
