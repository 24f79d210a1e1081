import type { Transaction } from "../database.ts";

/** What an order about one delivery depends on. */
export interface LockedDelivery {
  readonly state: "blocked" | "queued" | "waiting" | "succeeded" | "dead" | "cancelled" | "skipped";
  readonly targetId: string;
  readonly isClaimed: boolean;
  readonly canBeTold: boolean;
  /** Whether a target that is told before it, of the same event, may still be told. */
  readonly isBehindOpenGate: boolean;
}

/** Locks one delivery until the transaction ends. Undefined: there is none with this id. */
export async function lockDelivery(
  tx: Transaction,
  instanceId: string,
  id: bigint,
): Promise<LockedDelivery | undefined> {
  const [row] = await tx.query<LockedDelivery>({
    name: "lock-delivery",
    text: `select d.state, d.target_id as "targetId", d.claimed_by is not null as "isClaimed",
             exists (select from interpose.targets t where t.instance_id = d.instance_id and t.id = d.target_id) as "canBeTold",
             d.replay_of is null and exists (
               select from interpose.deliveries g
               where g.event_position = d.event_position and g.stage < d.stage and g.replay_of is null
                 and g.gate is not null and g.state in ('blocked', 'queued', 'waiting')
             ) as "isBehindOpenGate"
           from interpose.deliveries d where d.instance_id = $1 and d.id = $2 for update of d`,
    values: [instanceId, id],
  });
  return row;
}
