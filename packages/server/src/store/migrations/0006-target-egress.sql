-- What may be called for a target alone, beyond what may be called for all: networks, and hosts.

alter table interpose.targets add column egress_allow text[] not null default '{}';
