-- The record of runs. No references: it is written in batches beside everything else, outlives what it tells of, and is pruned by id.

create table interpose.runs (
  -- Grows with time: it says the millisecond at which the run began.
  id           bigint  primary key,
  instance_id  text    not null,
  -- Grows as runs come on record, and anew when a late call of the run fails.
  position     bigint  not null generated always as identity,
  side         text    not null check (side in ('request', 'response', 'function')),
  -- Absent: a function was invoked, which the execution names.
  method       text,
  execution_id text    not null,
  host         text    not null,
  user_id      text,
  org_id       text,
  project_id   text,
  depth        integer not null,
  duration_ms  real    not null,
  outcome      text    not null check (outcome in ('passed', 'changed', 'refused')),
  error_reason text,
  error_code   text,
  error_text   text,
  calls        integer not null,
  failed_calls integer not null
);

create index runs_by_position on interpose.runs (position);
create index runs_of_execution on interpose.runs (instance_id, execution_id, id);
create index runs_of_method on interpose.runs (instance_id, method, id) where method is not null;
-- What is seldom, and looked for among much.
create index runs_by_outcome on interpose.runs (instance_id, outcome, id) where outcome <> 'passed';
create index runs_with_failures on interpose.runs (instance_id, id) where failed_calls > 0;

-- One call of a target within a run.
create table interpose.run_calls (
  run_id      bigint  not null,
  -- From 1.
  place       integer not null,
  instance_id text    not null,
  target_id   text    not null,
  target_name text    not null,
  -- From the beginning of the run.
  begin_ms    real    not null,
  -- Absent: it was not waited for, and has not ended yet, or nothing was sent.
  duration_ms real,
  status      integer,
  effect      text    not null check (effect in ('none', 'changed', 'started', 'ignored', 'refused', 'shadow')),
  failure     text,
  detail      text,
  primary key (run_id, place)
);

create index run_calls_of_target on interpose.run_calls (instance_id, target_id, run_id);

-- What was sent and answered. Nobody searches in it.
create table interpose.run_messages (
  run_id  bigint  not null,
  -- 0: of all its calls, as they were when it ended. Else: of the call at this place, which ended later.
  place   integer not null,
  -- JSON.
  content bytea   not null,
  primary key (run_id, place)
);
