-- The event log, and the state that it led to. Both are written in one transaction.

create table interpose.instances (
  id          text        primary key,
  -- Position and time of the instance's last event about targets, executions or tokens.
  revision    bigint      not null default 0,
  revision_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  created_at  timestamptz not null default date_trunc('milliseconds', clock_timestamp())
);

-- The last sequence of each aggregate. Its row lock makes concurrent writers of one aggregate follow each other.
create table interpose.aggregates (
  instance_id text   not null references interpose.instances (id),
  type        text   not null,
  id          text   not null,
  sequence    bigint not null,
  primary key (instance_id, type, id)
);

create table interpose.events (
  position       bigint      primary key generated always as identity,
  instance_id    text        not null references interpose.instances (id),
  aggregate_type text        not null,
  aggregate_id   text        not null,
  sequence       bigint      not null,
  type           text        not null,
  creator        text        not null,
  payload        jsonb       not null,
  created_at     timestamptz not null,
  unique (instance_id, aggregate_type, aggregate_id, sequence)
);

-- "What changed since revision N" reads this range of the log, and not what others publish.
create index events_of_management on interpose.events (instance_id, position)
  where aggregate_type in ('target', 'execution');

create function interpose.refuse_change_of_events() returns trigger language plpgsql as $$
begin
  raise exception 'events are appended, never changed or deleted';
end $$;

create trigger events_are_append_only before update or delete or truncate on interpose.events
  for each statement execute function interpose.refuse_change_of_events();

create table interpose.targets (
  instance_id        text             not null references interpose.instances (id),
  id                 text             not null,
  name               text             not null,
  -- The name in lower case, as Unicode has it: names are unique but for case.
  name_key           text             not null,
  type               text             not null check (type in ('webhook', 'call', 'async')),
  endpoint           text             not null,
  timeout_ms         double precision not null check (timeout_ms > 0),
  interrupt_on_error boolean          not null,
  dialect            text             not null check (dialect in ('v3alpha', 'v2')),
  sequence           bigint           not null,
  changed_at         timestamptz      not null,
  created_at         timestamptz      not null,
  primary key (instance_id, id),
  unique (instance_id, name_key)
);

create table interpose.executions (
  instance_id text        not null references interpose.instances (id),
  -- The condition's canonical text.
  id          text        not null,
  kind        text        not null check (kind in ('request', 'response', 'function', 'event')),
  sequence    bigint      not null,
  changed_at  timestamptz not null,
  created_at  timestamptz not null,
  primary key (instance_id, id)
);

create table interpose.execution_entries (
  instance_id  text    not null,
  execution_id text    not null,
  position     integer not null,
  target_id    text,
  -- Not a reference: an include may outlive the execution that it names, and then stands for nothing.
  include_id   text,
  -- Deferrable, so that a list can close up in one statement.
  primary key (instance_id, execution_id, position) deferrable,
  foreign key (instance_id, execution_id) references interpose.executions (instance_id, id) on delete cascade,
  foreign key (instance_id, target_id) references interpose.targets (instance_id, id),
  check (num_nonnulls(target_id, include_id) = 1)
);

create index entries_by_target on interpose.execution_entries (instance_id, target_id) where target_id is not null;
create index entries_by_include on interpose.execution_entries (instance_id, include_id) where include_id is not null;

create table interpose.tokens (
  instance_id text        not null references interpose.instances (id),
  id          text        not null,
  name        text        not null,
  role        text        check (role in ('admin', 'editor', 'viewer', 'none')),
  permissions text[]      not null,
  secret_hash bytea       not null,
  created_at  timestamptz not null,
  expires_at  timestamptz,
  revoked_at  timestamptz,
  primary key (instance_id, id)
);

create index tokens_by_age on interpose.tokens (instance_id, created_at desc, id desc);
