-- What documents of actions own: the things that applying them made or took over, with the values that they gave them.

create table interpose.applied (
  instance_id text        not null references interpose.instances (id),
  kind        text        not null check (kind in ('target', 'execution', 'function', 'eventType')),
  -- Id of the target, id of the execution, name of the function, type of events.
  id          text        not null,
  -- Name of the document.
  document    text        not null,
  -- When the thing itself was made: what others delete and make anew under the same id is another thing.
  made_at     timestamptz not null,
  -- Its fields, as the document had them when it was applied last. What differs from them was changed by others.
  fields      jsonb       not null,
  primary key (instance_id, kind, id)
);
