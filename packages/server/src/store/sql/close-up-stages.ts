import type { Transaction } from "../database.ts";
import type { CancelledDelivery } from "./cancel-chosen-deliveries.ts";

/** Lets the stages behind gates that are not needed any more move up into theirs: so they begin when those would have begun. */
export async function closeUpStages(tx: Transaction, gates: readonly CancelledDelivery[]): Promise<void> {
  await tx.query({
    name: "close-up-stages",
    text: `update interpose.deliveries d set stage = d.stage - g.before
           from (
             select d.id, count(*)::int as before
             from unnest($1::bigint[], $2::int[]) as g (event_position, stage)
             join interpose.deliveries d on d.event_position = g.event_position and d.stage > g.stage and d.replay_of is null
             group by d.id
           ) as g
           where d.id = g.id`,
    values: [gates.map(({ eventPosition }) => eventPosition), gates.map(({ stage }) => stage)],
  });
}
