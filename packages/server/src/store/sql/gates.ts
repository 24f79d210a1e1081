/**
 * What follows for the other deliveries of an event, as parts of a statement: the next stage begins where a gate opened, and later stages are skipped where an
 * interrupting target failed for good. Before it stands a part `ended (event_position, stage, opens, interrupts)`; `released` are the targets that have something
 * new, and `told` their owners, but for the worker `$1` of the instance `$2`, which sees it in the answer. Repetitions of a delivery (`replay_of`) are never blocked, and so never meant.
 */
export const AFTER_GATES = `
  opened as (
    update interpose.deliveries n set state = 'waiting', due_at = statement_timestamp()
    from ended e
    where e.opens and n.event_position = e.event_position and n.stage = e.stage + 1 and n.state = 'blocked'
    returning n.target_id
  ), skipped as (
    update interpose.deliveries n set state = 'skipped', reason = 'interrupted', ended_at = statement_timestamp()
    from ended e
    where e.interrupts and n.event_position = e.event_position and n.stage > e.stage and n.state = 'blocked'
    returning n.target_id, n.fifo_key
  ), released as (
    -- Behind a skipped one, others of its key may have waited.
    select target_id from opened union select target_id from skipped where fifo_key is not null
  ), told as (
    select pg_notify('interpose_deliveries', case when length(ids) > 7000 then '*' else ids end)
    from (
      select string_agg(r.target_id, ' ') as ids from released r
      where (select q.owner from interpose.queues q where q.instance_id = $2 and q.target_id = r.target_id) is distinct from $1
    ) as others where ids is not null
  )`;
