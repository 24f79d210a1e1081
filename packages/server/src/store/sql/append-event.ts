import type { Queryable } from "../database.ts";
import type { AppendedRow, AppendOptions, ClaimedFromTheStart, EventToAppend } from "./events-to-append.ts";

/**
 * What `appendEvents` does, for one event, with what can be claimed of its deliveries from the start. Most events come alone, and are waited for: without the joins, sorts and numbering of many, PostgreSQL takes
 * little more than half as long (docs/decisions/0036-one-event.md). Answers no row where executions have changed since the revision.
 */
export async function appendEvent(
  db: Queryable,
  event: EventToAppend,
  { instanceId, revision, learnTypes, tellsOwners = false, claim }: AppendOptions,
): Promise<readonly AppendedRow[]> {
  const { deliveries } = event;
  const planned = deliveries?.plan.deliveries ?? [];
  const rows = await db.query<ClaimingRow>({
    name: "append-event",
    text: APPEND,
    values: [
      instanceId,
      revision,
      learnTypes,
      event.aggregateType,
      event.aggregateId,
      event.type,
      event.creator,
      event.payload,
      event.resourceOwner ?? null,
      event.version ?? "v1",
      event.depth ?? 0,
      event.idempotencyKey ?? null,
      deliveries?.fifoKey ?? null,
      deliveries?.deadBecause ?? null,
      deliveries?.plan.executionId ?? null,
      planned.map(({ place }) => place),
      planned.map(({ targetId }) => targetId),
      planned.map(({ stage }) => stage),
      planned.map(({ gate }) => gate ?? null),
      planned.map(({ place }) => (claim?.places.has(place) === true ? claim.workerId : null)),
      tellsOwners,
    ],
  });
  return rows.map(({ claimed, payload, ...row }) => ({ ...row, claimed: claimedOf(claimed, payload) }));
}

interface ClaimingRow extends Omit<AppendedRow, "claimed"> {
  /** Places and ids of the deliveries that were claimed from the start: `0:17 1:18`. Null: none were. */
  readonly claimed: string | null;
  /** Null where nothing was claimed. */
  readonly payload: string | null;
}

function claimedOf(claimed: string | null, payload: string | null): ClaimedFromTheStart | undefined {
  if (claimed === null || payload === null) return undefined;
  const ids = claimed.split(" ").map((one): [number, bigint] => {
    const [place = "", id = ""] = one.split(":");
    return [Number(place), BigInt(id)];
  });
  return { ids: new Map(ids), payload };
}

/** Two parameters stand in a query of their own: were they known to the planner, it would hold plans for given parameters to be cheaper than one for all, and plan anew each time, which takes as long as the statement does. */
const APPEND = `
  with repeated as (
    select e.position, e.sequence, e.created_at,
      (e.type, e.aggregate_type, e.aggregate_id, e.payload) = ($6::text, $4::text, $5::text, $8::jsonb) as same
    from interpose.events e where e.instance_id = $1 and e.idempotency_key = (select $12::text)
  ), advanced as (
    insert into interpose.aggregates as a (instance_id, type, id, sequence)
    select $1, $4::text, $5::text, 1
    where (select revision from interpose.instances where id = $1) <= $2 and not exists (select from repeated)
    on conflict (instance_id, type, id) do update set sequence = a.sequence + 1
    returning a.sequence
  ), learned as (
    insert into interpose.event_types as k (instance_id, type, first_published_at)
    select $1, $6::text, clock_timestamp() from advanced
    where $3 and not exists (select from interpose.event_types t where t.instance_id = $1 and t.type = $6::text and t.first_published_at is not null)
    on conflict (instance_id, type) do update set first_published_at = coalesce(k.first_published_at, excluded.first_published_at)
  ), appended as (
    insert into interpose.events
      (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, resource_owner, version, depth, idempotency_key, created_at)
    select $1, $4::text, $5::text, sequence, $6::text, $7::text, $8::jsonb, $9::text, $10::text, $11::int, $12::text,
      date_trunc('milliseconds', clock_timestamp())
    from advanced
    returning position, sequence, created_at
  ), planned as materialized (
    select ($16::int[])[i] as place, ($17::text[])[i] as target_id, ($18::int[])[i] as stage, ($19::text[])[i] as gate, (
      select q.owner from interpose.queues q
      where q.instance_id = $1 and q.target_id = ($17::text[])[i] and q.owner = ($20::text[])[i] and q.paused_at is null
    ) as claimed_by
    from generate_subscripts($17::text[], 1) as i
  ), caused as (
    insert into interpose.deliveries
      (instance_id, event_position, execution_id, place, target_id, stage, gate, fifo_key, state, due_at, reason, created_at, ended_at, claimed_by, claimed_at)
    select $1, e.position, $15::text, p.place, p.target_id, p.stage, p.gate, $13::text,
      case when $14::text is not null then 'dead' when p.stage = 0 then 'waiting' else 'blocked' end,
      e.created_at, $14::text, e.created_at, case when $14::text is not null then e.created_at end,
      p.claimed_by, case when p.claimed_by is not null then statement_timestamp() end
    from appended e, planned p
    order by p.place
    returning id, place, target_id, state, claimed_by
  ), told as (
    -- The owners of the queues. More than a notification can hold is told as "any".
    select pg_notify('interpose_deliveries', case when length(ids) > 7000 then '*' else ids end)
    from (select string_agg(distinct target_id, ' ') as ids from caused where state = 'waiting' and claimed_by is null) as q where ids is not null and not (select $21::bool)
  )
  select 1::bigint as nth, position, sequence, created_at as "createdAt", false as repeated, false as reused, (select count(*) from told) as told,
    c.claimed, case when c.claimed is not null then $8::jsonb::text end as payload
  from appended, (select string_agg(place || ':' || id, ' ') as claimed from caused where claimed_by is not null) as c
  union all
  select 1, position, sequence, created_at, true, not same, 0, null, null from repeated`;
