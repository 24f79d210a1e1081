import assert from "node:assert/strict";
import { newId } from "../../src/ids.ts";
import type { Database } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/sql/append-events.ts";
import type { DeliveryPlan, EventToAppend } from "../../src/store/sql/events-to-append.ts";
import { insertTarget } from "../../src/store/sql/insert-target.ts";

/** One target of a plan: its id, and how others wait for it. */
export interface PlannedForTest {
  readonly targetId: string;
  readonly stage?: number;
  readonly gate?: "success" | "attempt";
}

/** A plan of some targets, as an execution would make it. */
export function planOf(targets: readonly PlannedForTest[], executionId = "event"): DeliveryPlan {
  const deliveries = targets.map(({ targetId, stage = 0, gate }, place) => ({ targetId, place, stage, gate }));
  return { executionId, deliveries };
}

/** The instance that a server or a test made. */
export async function instanceOf(database: Database): Promise<string> {
  const [row] = await database.query<{ id: string }>({ text: "select id from interpose.instances", values: [] });
  return row?.id ?? assert.fail("there is no instance");
}

let count = 0;

/**
 * Creates a target and answers its id. Its queue is that of a worker that never comes, so whatever is in it stays as a test leaves it. Routers of servers do not
 * know it.
 */
export async function targetOfNobody(database: Database, instanceId: string): Promise<string> {
  const id = newId();
  await database.transaction(async (tx) => {
    const target = {
      id,
      name: `target ${id}`,
      type: "webhook",
      endpoint: "https://example.com/",
      timeoutMs: 1_000,
    } as const;
    const details = { sequence: 0n, changedAt: new Date(), resourceOwner: instanceId };
    await insertTarget(tx, instanceId, { ...target, interruptOnError: true, dialect: "v3alpha" }, details);
    await tx.query({
      text: `insert into interpose.workers (id, instance_id, name, started_at, lease_until)
             values ($1, $1, 'nobody', now(), '2100-01-01Z') on conflict do nothing`,
      values: [instanceId],
    });
    await tx.query({ text: "update interpose.queues set owner = $1 where target_id = $2", values: [instanceId, id] });
  });
  return id;
}

/** Appends one event with its deliveries, and answers their ids, in the order of the plan. */
export async function appendForTest(
  database: Database,
  instanceId: string,
  plan: DeliveryPlan,
  { fifoKey, deadBecause, ...event }: Partial<EventToAppend> & { fifoKey?: string; deadBecause?: string } = {},
): Promise<readonly string[]> {
  const given = {
    aggregateType: "user",
    aggregateId: `of-test-${++count}`,
    type: "user.added",
    creator: "me",
    payload: "{}",
  };
  const deliveries = { plan, fifoKey, deadBecause };
  const options = { instanceId, revision: 2n ** 62n, learnTypes: false };
  const [appended] = (await appendEvents(database, [{ ...given, ...event, deliveries }], options)) ?? [];
  assert.ok(appended, "nothing was appended");
  const rows = await database.query<{ id: bigint }>({
    text: "select id from interpose.deliveries where event_position = $1 order by place",
    values: [appended.position],
  });
  return rows.map(({ id }) => String(id));
}

/** Changes deliveries as a worker would, by SQL. */
export async function setDelivery(database: Database, id: string, assignments: string): Promise<void> {
  await database.query({ text: `update interpose.deliveries set ${assignments} where id = $1`, values: [BigInt(id)] });
}

/** How deliveries stand: the columns that are asked for, by id. */
export async function standOf(
  database: Database,
  ids: readonly string[],
  columns = "state",
): Promise<readonly unknown[]> {
  const rows = await database.query<object>({
    text: `select ${columns} from interpose.deliveries where id = any ($1::bigint[]) order by id`,
    values: [ids.map(BigInt)],
  });
  return rows.map((row) => Object.values(row)).map((values) => (values.length === 1 ? values[0] : values));
}
