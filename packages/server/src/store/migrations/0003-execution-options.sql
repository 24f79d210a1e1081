-- How an execution runs, beyond what it calls. The options go when the execution goes, and stay when its list changes.

alter table interpose.executions
  add column run_on_errors boolean not null default false check (not run_on_errors or kind = 'response'),
  add column hidden_fields text[]  not null default '{}';
