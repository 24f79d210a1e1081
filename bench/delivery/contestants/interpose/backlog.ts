import type { CommandContext } from "../../../../packages/server/src/commands/context.ts";
import { ADMIN_TOKEN } from "../../../harness/server.ts";

/** Makes deliveries of one event that wait for a target, and pauses its queue. */
export async function addBacklog(
  { database, instanceId }: CommandContext,
  targetId: string,
  deliveries: number,
): Promise<void> {
  await database.query({
    text: "update interpose.queues set paused_at = clock_timestamp(), paused_by = 'operator' where instance_id = $1 and target_id = $2",
    values: [instanceId, targetId],
  });
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

/** Pauses a target, or lets it go on, as its operator does. */
export async function steer(url: string, targetId: string, what: "pause" | "resume"): Promise<void> {
  const response = await fetch(`${url}/v1/targets/${targetId}:${what}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: "{}",
  });
  if (!response.ok) throw new Error(`a target was not ${what}d: ${await response.text()}`);
}
