-- Executions that are for other versions of what they name too, and targets whose replies are patches.

alter table interpose.executions
  add column match text check (match = 'equivalent'),
  add check (match is null or kind in ('request', 'response'));

alter table interpose.targets
  add column reply_mode text check (reply_mode = 'patch');
