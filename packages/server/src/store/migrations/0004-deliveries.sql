-- Events that others publish, and the deliveries that events cause. An event and its deliveries are written in one statement.

alter table interpose.events
  -- To whom the aggregate belongs. Absent: to the instance.
  add column resource_owner  text,
  -- Version of the payload's form, as its publisher counts it.
  add column version         text    not null default 'v1',
  -- How many runs and deliveries led to it, by calls that targets made.
  add column depth           integer not null default 0,
  -- Under which a repeated publish is known. Of a publisher's choosing.
  add column idempotency_key text;

create unique index events_by_idempotency_key on interpose.events (instance_id, idempotency_key) where idempotency_key is not null;
create index events_by_type on interpose.events (instance_id, type, position);

-- Events that others published go with the record of their deliveries, when that is pruned. Interpose's own ones stay.
create or replace function interpose.refuse_change_of_events() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('interpose.pruning', true) = 'on' then
    return null;
  end if;
  raise exception 'events are appended, never changed or deleted';
end $$;

-- Types of events that others publish: learned when the first one came, or declared.
create table interpose.event_types (
  instance_id        text        not null references interpose.instances (id),
  type               text        not null,
  description        text        not null default '',
  declared_at        timestamptz,
  first_published_at timestamptz,
  primary key (instance_id, type)
);

-- One event for one target of the plan that it matched. No references: the record outlives what it tells of, and the insert is what a publisher waits for.
create table interpose.deliveries (
  id             bigint      primary key generated always as identity,
  instance_id    text        not null,
  event_position bigint      not null,
  execution_id   text        not null,
  -- Of the target within the plan, from 0.
  place          integer     not null,
  target_id      text        not null,
  -- Targets of one stage are told at once. A stage begins when the gate of the one before it opens.
  stage          integer     not null,
  -- Opens with the target's success, or with the first attempt. Null: nobody waits, or no longer.
  gate           text        check (gate in ('success', 'attempt')),
  -- Deliveries of one target with the same key are told one after the other.
  fifo_key       text,
  state          text        not null check (state in ('blocked', 'queued', 'waiting', 'succeeded', 'dead', 'cancelled', 'skipped')),
  due_at         timestamptz not null,
  -- Attempts that were made, which number their rows.
  attempts       integer     not null default 0,
  -- Attempts that failed since it was last set going: its place in the target's retry schedule.
  failures       integer     not null default 0,
  -- The worker that is attempting it, while one is.
  claimed_by     text,
  claimed_at     timestamptz,
  -- Why it ended as it did.
  reason         text,
  -- The delivery that it repeats, by an order to replay.
  replay_of      bigint,
  created_at     timestamptz not null,
  ended_at       timestamptz
) with (fillfactor = 80);

-- What can be attempted, of one target, in the order in which it became due.
create index deliveries_due on interpose.deliveries (target_id, due_at, id) where state = 'waiting';
-- What is not over of each key.
create index deliveries_in_order on interpose.deliveries (target_id, fifo_key, id)
  where fifo_key is not null and state in ('blocked', 'queued', 'waiting');
-- What was never attempted, and would keep others waiting while its target is held.
create index deliveries_holding_up on interpose.deliveries (target_id, id) where state = 'waiting' and gate = 'attempt';
create index deliveries_of_event on interpose.deliveries (event_position);
create index deliveries_of_target on interpose.deliveries (instance_id, target_id, id);
-- What is neither on its way nor arrived, which is little: it is looked for among much.
create index deliveries_set_aside on interpose.deliveries (instance_id, state, id)
  where state in ('blocked', 'queued', 'dead', 'cancelled', 'skipped');
create index deliveries_set_aside_of_target on interpose.deliveries (target_id, state, id)
  where state in ('blocked', 'queued', 'dead', 'cancelled', 'skipped');
create index deliveries_replayed on interpose.deliveries (replay_of, id) where replay_of is not null;
create index deliveries_ended on interpose.deliveries (ended_at) where ended_at is not null;

-- One HTTP exchange of a delivery, or why there was none.
create table interpose.attempts (
  delivery_id     bigint      not null,
  -- From 1.
  number          integer     not null,
  began_at        timestamptz not null,
  worker          text        not null,
  -- Where it went in the end, without user, password, query and fragment.
  url             text        not null,
  address         text,
  request_headers jsonb       not null default '{}',
  status          integer,
  connect_ms      real,
  first_byte_ms   real,
  duration_ms     real,
  reply_bytes     integer,
  -- The first 16 KiB of it.
  reply           bytea,
  -- Absent: it succeeded.
  failure         text,
  detail          text,
  -- What was decided then.
  decision        text        not null check (decision in ('succeeded', 'retry', 'dead', 'held', 'dropped')),
  next_at         timestamptz,
  primary key (delivery_id, number)
);

-- All deliveries of one target, as a whole. One worker at a time owns a queue, and it alone attempts what is in it.
create table interpose.queues (
  instance_id        text        not null references interpose.instances (id),
  target_id          text        not null,
  owner              text,
  paused_at          timestamptz,
  -- An operator; its own answer that it is gone; or events that came of deliveries without end.
  paused_by          text        check (paused_by in ('operator', 'target', 'loop')),
  pause_reason       text,
  -- Its target asked for time.
  slowed_until       timestamptz,
  -- Since when its target fails, when it is tried again, and how often that was in vain.
  breaker_opened_at  timestamptz,
  breaker_probe_at   timestamptz,
  breaker_openings   integer     not null default 0,
  primary key (instance_id, target_id),
  check ((paused_at is null) = (paused_by is null))
);

create index queues_by_owner on interpose.queues (instance_id, owner);

-- Processes that deliver. One whose lease is over has lost its queues.
create table interpose.workers (
  id          text        primary key,
  instance_id text        not null references interpose.instances (id),
  -- For people: host and process.
  name        text        not null,
  started_at  timestamptz not null,
  lease_until timestamptz not null
);

-- Each target has its queue, as long as anything of it is left.
insert into interpose.queues (instance_id, target_id) select instance_id, id from interpose.targets;

-- How a target is delivered to: retries, concurrency, rate, breaker. What is absent has its default.
alter table interpose.targets add column delivery jsonb not null default '{}';
-- By what the deliveries of an execution on events follow each other: 'aggregate', or a path such as 'payload.customer.id'. Absent: by nothing.
alter table interpose.executions
  add column fifo_by text check (fifo_by is null or kind = 'event');
