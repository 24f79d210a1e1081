import type { Transaction } from "../database.ts";
import type { CancelledDelivery } from "./cancel-chosen-deliveries.ts";

/** Lets begin what waited for gates that have opened, and answers the targets. */
export function beginNextStages(
  tx: Transaction,
  gates: readonly CancelledDelivery[],
): Promise<readonly { readonly targetId: string }[]> {
  return tx.query({
    name: "begin-next-stages",
    text: `update interpose.deliveries d set state = 'waiting', due_at = clock_timestamp()
           from unnest($1::bigint[], $2::int[]) as g (event_position, stage)
           where d.event_position = g.event_position and d.stage = g.stage + 1 and d.state = 'blocked'
           returning d.target_id as "targetId"`,
    values: [gates.map(({ eventPosition }) => eventPosition), gates.map(({ stage }) => stage)],
  });
}
