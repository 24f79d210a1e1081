-- Targets of an execution that are called as shadows: beside the run, and never applied. Ids that its plan no longer calls stay without effect.

alter table interpose.executions
  add column shadow_targets text[] not null default '{}' check (shadow_targets = '{}' or kind <> 'event');
