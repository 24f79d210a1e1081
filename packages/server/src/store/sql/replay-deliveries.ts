import type { Transaction } from "../database.ts";

/** Makes new deliveries of old ones, in their order, whose targets and events are still there; nothing waits for them. Answers the targets, one for each. */
export function replayDeliveries(
  tx: Transaction,
  instanceId: string,
  ids: readonly bigint[],
): Promise<readonly { readonly targetId: string }[]> {
  return tx.query({
    name: "replay-deliveries",
    text: `insert into interpose.deliveries
             (instance_id, event_position, execution_id, place, target_id, stage, gate, fifo_key, state, due_at, replay_of, created_at)
           select d.instance_id, d.event_position, d.execution_id, d.place, d.target_id, 0, null, d.fifo_key, 'waiting', now.at, d.id, now.at
           from (select clock_timestamp() as at) now, interpose.deliveries d
           join interpose.targets t on t.instance_id = d.instance_id and t.id = d.target_id
           join interpose.events e on e.position = d.event_position
           where d.instance_id = $1 and d.id = any ($2::bigint[])
           order by d.id for key share of d
           returning target_id as "targetId"`,
    values: [instanceId, ids],
  });
}
