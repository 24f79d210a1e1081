/**
 * What follows for the other deliveries of an event, as parts of a statement. All who open or fail gates say it with these. Before it stands a part `ended
 * (event_position, stage, opens, interrupts)`: gates that opened, or that will not open any more; the stage -1 is before all gates.
 *
 * Where one opened, what is `blocked` behind it begins, up to the next gate that is closed, unless one before it is closed of which something can still come. So a gate
 * that opens before its turn lets nothing begin: what waited for it waits for those before it. Where an interrupting target failed for good, all that is
 * `blocked` behind it is skipped. The statement sees gates as they were before it, so those that it opens are told apart by `ended`.
 *
 * `released` are the targets that have something new, and `told` their owners, but for the worker `$1` of the instance `$2`, which sees it in the answer. Repetitions of
 * a delivery (`replay_of`) have no gate and are never blocked, and so never meant.
 */
export const AFTER_GATES = `
  begun as materialized (
    select e.event_position, e.stage, (
      select min(g.stage) from interpose.deliveries g
      where g.event_position = e.event_position and g.gate is not null and g.stage <> e.stage
        and (g.stage > e.stage or g.state in ('blocked', 'queued', 'waiting'))
        and (g.event_position, g.stage) not in (select o.event_position, o.stage from ended o where o.opens)
    ) as next_gate
    from ended e where e.opens
  ), opened as (
    update interpose.deliveries n set state = 'waiting', due_at = statement_timestamp()
    from begun b
    where n.event_position = b.event_position and n.stage > b.stage and (b.next_gate is null or n.stage <= b.next_gate) and n.state = 'blocked'
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
