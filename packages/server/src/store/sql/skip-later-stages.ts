import type { Transaction } from "../database.ts";
import type { CancelledDelivery } from "./cancel-chosen-deliveries.ts";

/** Ends what waits for gates that will not open, and answers of which keys that was. */
export function skipLaterStages(
  tx: Transaction,
  gates: readonly CancelledDelivery[],
): Promise<readonly { readonly targetId: string; readonly fifoKey: string | null }[]> {
  return tx.query({
    name: "skip-later-stages",
    text: `update interpose.deliveries d set state = 'skipped', reason = 'interrupted', ended_at = clock_timestamp()
           from unnest($1::bigint[], $2::int[]) as g (event_position, stage)
           where d.event_position = g.event_position and d.stage > g.stage and d.state = 'blocked'
           returning d.target_id as "targetId", d.fifo_key as "fifoKey"`,
    values: [gates.map(({ eventPosition }) => eventPosition), gates.map(({ stage }) => stage)],
  });
}
