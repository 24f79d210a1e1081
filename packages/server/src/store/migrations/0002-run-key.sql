-- The key that signs which runs led to a call, the same on all nodes. The first server that needs it makes it.

alter table interpose.instances add column run_key bytea check (octet_length(run_key) = 32);
