import { InterposeError } from "@interpose/engine";
import type { Queryable } from "../database.ts";
import { appendEvent } from "./append-event.ts";
import type { AppendedRow, AppendedWithClaims, AppendOptions, EventToAppend } from "./events-to-append.ts";

/**
 * Appends events and the deliveries that they cause, in one statement, and answers where each came to stand, in the given order. Where executions have changed
 * since `revision`, nothing is appended, and the answer is undefined: plan anew. The sequence comes from the aggregate's own row, which stays locked until the
 * transaction ends: concurrent writers follow each other, and a rollback leaves no gap. Aggregates are locked in a fixed order, so batches do not deadlock.
 * Deliveries are numbered behind that lock, so that for one aggregate their ids grow as its events do. No two events of one call may have the same idempotency
 * key; one that is published at the same time elsewhere fails as a unique violation. Where a key stands for an event of another type, aggregate or payload, nothing
 * is appended, and `event_key_reused` is thrown.
 */
export async function appendEvents(
  db: Queryable,
  events: readonly EventToAppend[],
  options: AppendOptions,
): Promise<readonly AppendedWithClaims[] | undefined> {
  const [first] = events;
  const rows =
    first && events.length === 1 ? await appendEvent(db, first, options) : await appendMany(db, events, options);
  const other = rows.find(({ reused }) => reused);
  if (other) throw keyReused(events[Number(other.nth) - 1]?.idempotencyKey ?? "", other.position);
  return rows.length < events.length ? undefined : rows;
}

function appendMany(
  db: Queryable,
  events: readonly EventToAppend[],
  { instanceId, revision, learnTypes, tellsOwners = false }: AppendOptions,
): Promise<readonly AppendedRow[]> {
  const column = <T>(read: (event: EventToAppend) => T): readonly T[] => events.map(read);
  const plans = [...new Set(events.flatMap(({ deliveries }) => (deliveries ? [deliveries.plan] : [])))];
  const numberOf = new Map(plans.map((plan, i) => [plan, i]));
  const planned = plans.flatMap((plan, number) => plan.deliveries.map((delivery) => ({ number, plan, ...delivery })));
  return db.query<AppendedRow>({
    name: "append-events",
    text: APPEND,
    values: [
      instanceId,
      revision,
      learnTypes,
      column(({ aggregateType }) => aggregateType),
      column(({ aggregateId }) => aggregateId),
      column(({ type }) => type),
      column(({ creator }) => creator),
      column(({ payload }) => payload),
      column(({ resourceOwner }) => resourceOwner ?? null),
      column(({ version }) => version ?? "v1"),
      column(({ depth }) => depth ?? 0),
      column(({ idempotencyKey }) => idempotencyKey ?? null),
      column(({ deliveries }) => (deliveries ? (numberOf.get(deliveries.plan) ?? null) : null)),
      column(({ deliveries }) => deliveries?.fifoKey ?? null),
      column(({ deliveries }) => deliveries?.deadBecause ?? null),
      planned.map(({ number }) => number),
      planned.map(({ plan }) => plan.executionId),
      planned.map(({ place }) => place),
      planned.map(({ targetId }) => targetId),
      planned.map(({ stage }) => stage),
      planned.map(({ gate }) => gate ?? null),
      tellsOwners,
    ],
  });
}

/** The refusal of an event whose key stands for something else. */
function keyReused(key: string, position: bigint): InterposeError {
  return new InterposeError(
    "event_key_reused",
    `The idempotency key "${key}" stands for the event ${position}, which has another type, aggregate or payload. Nothing was published. Give each event a key of its own.`,
    { metadata: { idempotencyKey: key, eventId: String(position) } },
  );
}

const APPEND = `
  with input as (
    select * from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::text[], $11::int[], $12::text[], $13::int[], $14::text[], $15::text[])
      with ordinality as t (aggregate_type, aggregate_id, type, creator, payload, resource_owner, version, depth, idempotency_key, plan, fifo_key, dead_because, nth)
  ), planned as (
    select * from unnest($16::int[], $17::text[], $18::int[], $19::text[], $20::int[], $21::text[]) as t (plan, execution_id, place, target_id, stage, gate)
  ), repeated as (
    select i.nth, e.position, e.sequence, e.created_at,
      (e.type, e.aggregate_type, e.aggregate_id, e.payload) = (i.type, i.aggregate_type, i.aggregate_id, i.payload) as same
    from input i join interpose.events e on e.instance_id = $1 and e.idempotency_key = i.idempotency_key
  ), fresh as (
    select * from input i
    where (select revision from interpose.instances where id = $1) <= $2
      and not exists (select from repeated r where r.nth = i.nth or not r.same)
  ), learned as (
    insert into interpose.event_types as k (instance_id, type, first_published_at)
    select $1, type, clock_timestamp() from (select distinct type from fresh) as f
    where $3 and not exists (select from interpose.event_types t where t.instance_id = $1 and t.type = f.type and t.first_published_at is not null)
    order by type
    on conflict (instance_id, type) do update set first_published_at = coalesce(k.first_published_at, excluded.first_published_at)
  ), wanted as (
    select aggregate_type, aggregate_id, count(*) as events from fresh group by aggregate_type, aggregate_id order by aggregate_type, aggregate_id
  ), advanced as (
    insert into interpose.aggregates as a (instance_id, type, id, sequence)
    select $1, aggregate_type, aggregate_id, events from wanted
    on conflict (instance_id, type, id) do update set sequence = a.sequence + excluded.sequence
    returning a.type, a.id, a.sequence
  ), numbered as (
    select fresh.*, advanced.sequence - wanted.events
      + row_number() over (partition by fresh.aggregate_type, fresh.aggregate_id order by nth) as sequence
    from fresh
    join wanted using (aggregate_type, aggregate_id)
    join advanced on (advanced.type, advanced.id) = (fresh.aggregate_type, fresh.aggregate_id)
  ), appended as (
    insert into interpose.events
      (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, resource_owner, version, depth, idempotency_key, created_at)
    select $1, aggregate_type, aggregate_id, sequence, type, creator, payload, resource_owner, version, depth, idempotency_key,
      date_trunc('milliseconds', clock_timestamp())
    from numbered order by nth
    returning position, aggregate_type, aggregate_id, sequence, created_at
  ), placed as (
    select n.nth, n.plan, n.fifo_key, n.dead_because, a.position, a.sequence, a.created_at
    from appended a join numbered n using (aggregate_type, aggregate_id, sequence)
  ), caused as (
    insert into interpose.deliveries
      (instance_id, event_position, execution_id, place, target_id, stage, gate, fifo_key, state, due_at, reason, created_at, ended_at)
    select $1, e.position, p.execution_id, p.place, p.target_id, p.stage, p.gate, e.fifo_key,
      case when e.dead_because is not null then 'dead' when p.stage = 0 then 'waiting' else 'blocked' end,
      e.created_at, e.dead_because, e.created_at, case when e.dead_because is not null then e.created_at end
    from placed e join planned p using (plan)
    order by e.nth, p.place
    returning target_id, state
  ), told as (
    -- The owners of the queues. More than a notification can hold is told as "any".
    select pg_notify('interpose_deliveries', case when length(ids) > 7000 then '*' else ids end)
    from (select string_agg(distinct target_id, ' ') as ids from caused where state = 'waiting') as q where ids is not null and not $22::bool
  )
  select nth, position, sequence, created_at as "createdAt", false as repeated, false as reused, (select count(*) from told) as told
  from placed
  union all
  select nth, position, sequence, created_at, true, not same, 0 from repeated
  order by nth`;
