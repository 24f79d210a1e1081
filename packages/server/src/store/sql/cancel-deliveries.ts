import type { Queryable } from "../database.ts";
import { AFTER_GATES } from "./gates.ts";

/** How far a walk through a target's deliveries has come. */
export interface CancelledDeliveries {
  /** The last one that was looked at; null: there are no more. */
  readonly last: bigint | null;
  /** Targets of this worker that have something new. */
  readonly released: readonly string[];
}

/** Cancels what is not over of a target's deliveries, among the next `limit` after an id, for a reason. Those that the worker is attempting are left to their end. */
export async function cancelDeliveries(
  db: Queryable,
  workerId: string,
  instanceId: string,
  { targetId, after, limit, reason }: CancelOrder,
): Promise<CancelledDeliveries> {
  const rows = await db.query<CancelledDeliveries>({
    name: "cancel-deliveries",
    text: `with next as materialized (
             select id, state from interpose.deliveries where instance_id = $2 and target_id = $3 and id > $4 order by id limit $5
           ), locked as materialized (
             select d.id, d.gate from interpose.deliveries d
             where d.id in (select id from next where state in ('blocked', 'queued', 'waiting')) order by d.id for update of d
           ), changed as (
             update interpose.deliveries d
             set state = 'cancelled', reason = $6, ended_at = statement_timestamp(), claimed_by = null, claimed_at = null,
               gate = case when d.gate = 'attempt' then null else d.gate end
             from locked l
             where d.id = l.id and d.state in ('blocked', 'queued', 'waiting') and d.claimed_by is distinct from $1
             returning d.event_position, d.stage, l.gate
           ), ended as (
             select event_position, stage, gate = 'attempt' as opens, gate = 'success' as interrupts from changed where gate is not null
           ), ${AFTER_GATES}
           select (select max(id) from next) as last, (select count(*) from told) as told,
             coalesce((select array_agg(target_id) from released), '{}') as released`,
    values: [workerId, instanceId, targetId, after, limit, reason],
  });
  return rows[0] ?? { last: null, released: [] };
}

/** Which deliveries to cancel. */
export interface CancelOrder {
  readonly targetId: string;
  readonly after: bigint;
  readonly limit: number;
  readonly reason: string;
}
