import type { Transaction } from "../database.ts";

/** An event to append. */
export interface EventToAppend {
  readonly instanceId: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  /** User id of who caused it. */
  readonly creator: string;
  readonly payload: unknown;
}

/** Where an event came to stand. */
export interface AppendedEvent {
  /** Place within its aggregate, from 1, without gaps. */
  readonly sequence: bigint;
  /** Place within the whole log. It grows, with gaps. */
  readonly position: bigint;
  readonly createdAt: Date;
}

/**
 * Appends events in the given order, and answers where each came to stand. The sequence comes from the aggregate's own row, which stays locked until the
 * transaction ends: concurrent writers follow each other, and a rollback leaves no gap. Aggregates are locked in a fixed order, so batches do not deadlock.
 */
export async function appendEvents(
  tx: Transaction,
  events: readonly EventToAppend[],
): Promise<readonly AppendedEvent[]> {
  const column = <K extends keyof EventToAppend>(name: K): readonly EventToAppend[K][] =>
    events.map((event) => event[name]);
  const rows = await tx.query<AppendedEvent>({
    name: "append-events",
    text: `
      with input as (
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
          with ordinality as t (instance_id, aggregate_type, aggregate_id, type, creator, payload, nth)
      ), wanted as (
        select instance_id, aggregate_type, aggregate_id, count(*) as events
        from input group by instance_id, aggregate_type, aggregate_id
        order by instance_id, aggregate_type, aggregate_id
      ), advanced as (
        insert into interpose.aggregates as a (instance_id, type, id, sequence)
        select instance_id, aggregate_type, aggregate_id, events from wanted
        on conflict (instance_id, type, id) do update set sequence = a.sequence + excluded.sequence
        returning a.instance_id, a.type, a.id, a.sequence
      ), numbered as (
        select input.*, advanced.sequence - wanted.events
          + row_number() over (partition by input.instance_id, input.aggregate_type, input.aggregate_id order by nth) as sequence
        from input
        join wanted using (instance_id, aggregate_type, aggregate_id)
        join advanced on (advanced.instance_id, advanced.type, advanced.id) = (input.instance_id, input.aggregate_type, input.aggregate_id)
      ), appended as (
        insert into interpose.events (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, created_at)
        select instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, date_trunc('milliseconds', clock_timestamp())
        from numbered order by nth
        returning position, sequence, created_at
      )
      -- Positions were given in the order of the input.
      select sequence, position, created_at as "createdAt" from appended order by position`,
    values: [
      column("instanceId"),
      column("aggregateType"),
      column("aggregateId"),
      column("type"),
      column("creator"),
      events.map(({ payload }) => JSON.stringify(payload)),
    ],
  });
  return rows;
}
