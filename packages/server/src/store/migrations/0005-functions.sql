-- Functions that were declared over the API. Schemas are kept as they were given, in their order.

create table interpose.functions (
  instance_id  text        not null references interpose.instances (id),
  name         text        not null,
  description  text        not null,
  input_schema json,
  reply_schema json,
  sequence     bigint      not null,
  changed_at   timestamptz not null,
  created_at   timestamptz not null,
  primary key (instance_id, name)
);
