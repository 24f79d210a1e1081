import type { Transaction } from "../database.ts";

/** A delivery that was cancelled, as it was before. */
export interface CancelledDelivery {
  readonly id: bigint;
  readonly targetId: string;
  readonly eventPosition: bigint;
  readonly stage: number;
  readonly state: "blocked" | "queued" | "waiting";
  readonly gate: "success" | "attempt" | null;
  readonly fifoKey: string | null;
}

/**
 * Cancels those of some deliveries that are not over, and answers them. What others wait for by an attempt alone opens; what they wait for by a success stays
 * closed. A worker that is attempting one keeps its claim, by which the attempt comes on record as one that was dropped. Rows are locked by their ids, so that who
 * cancels many deadlocks with nobody who does the same.
 */
export function cancelDeliveries(
  tx: Transaction,
  instanceId: string,
  ids: readonly bigint[],
  reason: string,
): Promise<readonly CancelledDelivery[]> {
  return tx.query<CancelledDelivery>({
    name: "cancel-deliveries",
    text: `with open as materialized (
             select id, state, gate from interpose.deliveries
             where instance_id = $1 and id = any ($2::bigint[]) and state in ('blocked', 'queued', 'waiting')
             order by id for update
           )
           update interpose.deliveries d
           set state = 'cancelled', reason = $3, ended_at = clock_timestamp(), gate = nullif(d.gate, 'attempt')
           from open where d.id = open.id
           returning d.id, d.target_id as "targetId", d.event_position as "eventPosition", d.stage, open.state, open.gate, d.fifo_key as "fifoKey"`,
    values: [instanceId, ids, reason],
  });
}
