import type { CommandContext } from "../../../../packages/server/src/commands/context.ts";

/** Makes deliveries of one event that wait for a target, and pauses its queue. */
export async function addBacklog(
  { database, instanceId }: CommandContext,
  targetId: string,
  deliveries: number,
): Promise<void> {
  await setQueues({ database, instanceId }, { going: [], paused: [targetId] });
  await database.query({ text: ADD_EVENT, values: [instanceId] });
  // A part at a time: no statement may take half a minute.
  for (let left = deliveries; left > 0; left -= PART)
    await database.query({ text: ADD, values: [instanceId, targetId, Math.min(PART, left)] });
  // Else PostgreSQL would do it by itself, at some time, while others are measured.
  await database.query({ text: "vacuum analyze interpose.deliveries", values: [] });
}

const PART = 100_000;
// One of a publisher's. A queue with as many of Interpose's own would be taken for a loop, and paused.
const ADD_EVENT = `
  insert into interpose.events (instance_id, aggregate_type, aggregate_id, sequence, type, version, creator, depth, created_at, payload)
  values ($1, 'order', 'order-that-many-wait-for', 1, 'shop.order.placed', 'v1', 'benchmark', 0, clock_timestamp(), '{}')`;
const ADD = `
  with event as (
    select position, created_at from interpose.events where instance_id = $1 order by position desc limit 1
  )
  insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, state, due_at, created_at)
  select $1, event.position, 'event', 0, $2, 0, 'waiting', event.created_at, event.created_at from event, generate_series(1, $3::int)`;

/** Pauses queues, and lets others go, without a trace of what they met before. For while no worker runs. */
export async function setQueues(
  { database, instanceId }: Pick<CommandContext, "database" | "instanceId">,
  { going, paused }: { readonly going: readonly string[]; readonly paused: readonly string[] },
): Promise<void> {
  await database.query({
    text: `update interpose.queues set paused_at = case when target_id = any($3::text[]) then clock_timestamp() end,
             paused_by = case when target_id = any($3::text[]) then 'operator' end, slowed_until = null, breaker_opened_at = null, breaker_probe_at = null, breaker_openings = 0
           where instance_id = $1 and target_id = any($2::text[] || $3::text[])`,
    values: [instanceId, going, paused],
  });
}
