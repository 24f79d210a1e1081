-- Events and aggregates are appended only where their instance is known: the statements look at its revision. To look once more, and to lock the instance's row for it, took a tenth of the time of a
-- publish. Instances are not deleted.

alter table interpose.events drop constraint events_instance_id_fkey;
alter table interpose.aggregates drop constraint aggregates_instance_id_fkey;
