import { QUEUE_IS_HELD, type ShownState } from "./delivery-filter.ts";

/** The columns of a delivery with what is known of its event and its target, from `DELIVERY_JOINS`. */
export const DELIVERY_COLUMNS = `d.id, d.execution_id as "executionId", d.place, d.target_id as "targetId", t.name as "targetName", d.fifo_key as "fifoKey",
  d.attempts, d.reason, d.replay_of as "replayOf", d.created_at as "createdAt", d.ended_at as "endedAt",
  case when d.state <> 'waiting' then d.state when d.claimed_by is not null then 'running' when ${QUEUE_IS_HELD} then 'held' else 'waiting' end as state,
  case when d.state = 'waiting' and d.claimed_by is null then d.due_at end as "dueAt", case when d.state = 'waiting' then d.claimed_at end as "claimedAt",
  e.position as "eventPosition", e.type as "eventType", e.aggregate_type as "aggregateType", e.aggregate_id as "aggregateId", e.sequence,
  e.created_at as "eventCreatedAt"`;

/** What deliveries `d` are shown with. */
export const DELIVERY_JOINS = `left join interpose.events e on e.position = d.event_position
  left join interpose.targets t on t.instance_id = d.instance_id and t.id = d.target_id
  left join interpose.queues q on q.instance_id = d.instance_id and q.target_id = d.target_id`;

/** A row of `deliveries`, with the event if it was not pruned, and the target's name if there still is one. */
export interface DeliveryRow {
  readonly id: bigint;
  readonly state: ShownState;
  readonly executionId: string;
  readonly place: number;
  readonly targetId: string;
  readonly targetName: string | null;
  readonly fifoKey: string | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly replayOf: bigint | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  /** Null: it does not wait for a time. */
  readonly dueAt: Date | null;
  readonly claimedAt: Date | null;
  readonly eventPosition: bigint | null;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly sequence: bigint;
  readonly eventCreatedAt: Date;
}
