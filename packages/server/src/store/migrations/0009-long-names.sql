-- Names of targets may have 1000 characters, which is more than a B-tree holds. A hash holds any, and its exclusion compares the names themselves.
-- One expression, since such an index has one column; ids of instances have no slash.
alter table interpose.targets drop constraint targets_instance_id_name_key_key;
alter table interpose.targets add constraint targets_name_taken
  exclude using hash ((instance_id || '/' || name_key) with =);
