import { arrayText } from "../array-text.ts";
import type { Queryable } from "../database.ts";

/** Where in its queue a delivery waits: those that were due first come first, and of these those that were made first. */
export interface PlaceInQueue {
  /** In milliseconds since 1970, with the microseconds of the database. */
  readonly dueAt: number;
  readonly id: bigint;
}

/** From which queue how much is wanted. */
export interface WantedDeliveries {
  readonly targetId: string;
  /** Most to claim. */
  readonly room: number;
  /** Nothing that this worker does not hold waits before. */
  readonly since: PlaceInQueue;
}

/** A delivery that was claimed, with all that its attempt needs of its event. */
export interface ClaimedDelivery extends PlaceInQueue {
  readonly targetId: string;
  readonly executionId: string;
  readonly gate: "success" | "attempt" | null;
  readonly fifoKey: string | null;
  /** Attempts that were made before. */
  readonly attempts: number;
  readonly failures: number;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly sequence: bigint;
  readonly creator: string;
  readonly resourceOwner: string | null;
  readonly version: string;
  readonly depth: number;
  readonly createdAt: Date;
  /** JSON, as the database writes it. */
  readonly payload: string;
}

/** A delivery that a claim found. */
export interface FoundDelivery extends ClaimedDelivery {
  /** Whether it was in the worker's name before: since a publish wrote it so, or a claim whose answer was lost. */
  readonly wasOwn: boolean;
}

/** What a claim found in one queue. */
export interface ClaimOfQueue {
  readonly targetId: string;
  /** Whether the worker owns it still. */
  readonly isOwned: boolean;
  readonly isPaused: boolean;
  /** How many due ones were looked at: as many as there was room for, or all. */
  readonly seen: number;
  /** In how many milliseconds the next one is due. Null: none is, or more are due at once. */
  readonly nextDueMs: number | null;
  /** When the database looked, in milliseconds since 1970. */
  readonly at: number;
  readonly claimed: readonly FoundDelivery[];
  /** Keys of deliveries that must wait behind others of their key, and were set aside. */
  readonly queuedKeys: readonly string[];
}

/** A row of the answer: a queue, with one of its deliveries or none. */
type ClaimRow = Omit<ClaimOfQueue, "claimed" | "queuedKeys"> &
  (FoundDelivery & { readonly state: "waiting" | "queued" | null });

/**
 * Claims due deliveries of many queues, the longest due first, but none of `held`, which the worker has already. What another worker had claimed when it lost the
 * queue, gets the record of an attempt that was lost, and is claimed anew. A delivery that has to wait behind another one of its key is set aside (`queued`).
 *
 * The commit of a claim is not waited for until it is on the disk, unless it records a lost attempt: what a crash of PostgreSQL takes back was never claimed, and the result of
 * its attempt is taken all the same (`finishAttempts()`).
 */
export async function claimDeliveries(
  db: Queryable,
  workerId: string,
  instanceId: string,
  wanted: readonly WantedDeliveries[],
  held: readonly bigint[],
): Promise<readonly ClaimOfQueue[]> {
  const rows = await db.query<ClaimRow>({
    name: "claim-deliveries",
    text: CLAIM,
    values: [
      workerId,
      instanceId,
      wanted.map(({ targetId }) => targetId),
      wanted.map(({ room }) => room),
      // Whole microseconds, of which a number holds those of some centuries.
      wanted.map(({ since }) => Math.round(since.dueAt * 1_000)),
      arrayText(wanted.map(({ since }) => since.id)),
      arrayText(held),
    ],
  });
  const queues = new Map<string, ClaimOfQueue & { claimed: FoundDelivery[]; queuedKeys: string[] }>();
  for (const row of rows) {
    const { state, targetId, isOwned, isPaused, seen, nextDueMs, at, fifoKey } = row;
    let queue = queues.get(targetId);
    if (!queue) {
      queue = { targetId, isOwned, isPaused, seen, nextDueMs, at, claimed: [], queuedKeys: [] };
      queues.set(targetId, queue);
    }
    if (state === "waiting") queue.claimed.push(row);
    else if (state === "queued" && fifoKey !== null) queue.queuedKeys.push(fifoKey);
  }
  return [...queues.values()];
}

// The index of what is due is entered where there can be something, not at its beginning: what is over stays in it until it is vacuumed. A million may be due at one time, as when they are
// replayed, so the time alone does not say where. It is asked for once more by itself, behind the place, since PostgreSQL knows only of such a span that it holds few.
const CLAIM = `
  with wanted as materialized (
    select w.*, q.owner is not distinct from $1 as is_owned, q.paused_at is not null as is_paused
    from unnest($3::text[], $4::int[], $5::float8[], $6::bigint[]) as w (target_id, room, since, since_id)
    left join lateral (
      select o.owner, o.paused_at from interpose.queues o where o.instance_id = $2 and o.target_id = w.target_id limit 1
    ) as q on true
  ), due as materialized (
    select d.* from wanted w cross join lateral (
      select c.target_id, c.id, c.state, c.fifo_key, c.claimed_by, c.claimed_at, c.attempts from interpose.deliveries c
      where c.target_id = w.target_id and c.state = 'waiting' and c.due_at <= statement_timestamp()
        and (c.due_at, c.id) >= (timestamptz 'epoch' + w.since * interval '1 us', w.since_id)
        and c.due_at >= timestamptz 'epoch' + w.since * interval '1 us'
        and c.id <> all ($7::bigint[])
      order by c.due_at, c.id limit w.room
    ) as d where w.is_owned and not w.is_paused
  ), sorted as materialized (
    select due.*, claimed_by <> $1 as was_lost, fifo_key is not null and exists (
      select from interpose.deliveries e
      where e.target_id = due.target_id and e.fifo_key = due.fifo_key and e.state in ('blocked', 'queued', 'waiting')
        and (e.id < due.id or (e.id = any ($7::bigint[]) and e.id <> due.id))
    ) as is_behind
    from due
  ), changed as (
    update interpose.deliveries d set
      state = case when s.is_behind then 'queued' else 'waiting' end,
      claimed_by = case when s.is_behind then null else $1 end,
      claimed_at = case when s.is_behind then null else statement_timestamp() end,
      attempts = d.attempts + coalesce(s.was_lost, false)::int
    from sorted s
    -- Not compared with 'waiting': then the index of all that is waiting would seem a way to find these few.
    where d.id = s.id and d.state = s.state and d.claimed_by is not distinct from s.claimed_by
    returning d.id, d.target_id, d.state, d.event_position, d.execution_id, d.gate, d.fifo_key, d.attempts, d.failures, d.due_at,
      s.was_lost, s.claimed_by as lost_by, s.claimed_at as lost_at
  ), lost as (
    insert into interpose.attempts (delivery_id, number, began_at, worker, url, failure, detail, decision, next_at)
    select id, attempts, lost_at, lost_by, '', 'worker_lost', 'the worker that made the attempt was gone before it ended', 'retry', statement_timestamp()
    from changed where was_lost
    on conflict do nothing
  ), hastened as (
    select set_config('synchronous_commit', 'off', true) where not exists (select from changed where was_lost)
  )
  select w.target_id as "targetId", w.is_owned as "isOwned", w.is_paused as "isPaused", coalesce(s.seen, 0) as seen,
    case when w.is_owned and coalesce(s.seen, 0) < w.room then (
      select extract(epoch from n.due_at - statement_timestamp())::float8 * 1000 from interpose.deliveries n
      where n.target_id = w.target_id and n.state = 'waiting' and n.due_at > statement_timestamp()
      order by n.due_at limit 1
    ) end as "nextDueMs", extract(epoch from statement_timestamp())::float8 * 1000 as at,
    c.state, c.id, c.execution_id as "executionId", c.gate, c.fifo_key as "fifoKey", c.attempts, c.failures,
    c.lost_by is not distinct from $1 as "wasOwn", extract(epoch from c.due_at)::float8 * 1000 as "dueAt",
    e.type as "eventType", e.aggregate_type as "aggregateType", e.aggregate_id as "aggregateId", e.sequence, e.creator,
    e.resource_owner as "resourceOwner", e.version, e.depth, e.created_at as "createdAt", e.payload::text as payload
  from wanted w
  left join (select target_id, count(*)::int as seen from due group by target_id) as s using (target_id)
  left join changed c using (target_id)
  left join interpose.events e on e.position = c.event_position and c.state = 'waiting'
  where (select count(*) from hastened) is not null
  order by c.due_at, c.id`;
