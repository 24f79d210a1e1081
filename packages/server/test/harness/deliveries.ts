import assert from "node:assert/strict";
import { createTargetCaller, type TargetCallerOptions } from "@interpose/caller";
import { parseConditionId, type DeliverySettings, type Target } from "@interpose/engine";
import { planDeliveries } from "../../src/events/plan-deliveries.ts";
import type { KeyContext } from "../../src/commands/context.ts";
import { createTarget } from "../../src/commands/create-target.ts";
import { setExecution } from "../../src/commands/set-execution.ts";
import { updateExecutionOptions } from "../../src/commands/update-execution-options.ts";
import { updateTarget } from "../../src/commands/update-target.ts";
import type { DeliveryWorkerOptions } from "../../src/deliveries/worker-parts.ts";
import { startDeliveryWorker, type DeliveryWorker } from "../../src/deliveries/worker.ts";
import { createRunChains } from "../../src/hosts/run-chain.ts";
import type { LogEvents } from "../../src/observe/log.ts";
import type { LiveRouter } from "../../src/router/live-router.ts";
import { createDatabase, type Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrations.ts";
import { appendEvents } from "../../src/store/sql/append-events.ts";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";
import { payloadTypeOf } from "./payload-types.ts";
import { newDatabaseUrl } from "./postgres.ts";
import { contextOf, newInstance, openRouter } from "./routers.ts";
import { TEST_SIGNING } from "./test-keys.ts";

/** Options that make a worker quick to notice, so that tests are. */
export const QUICK: Partial<DeliveryWorkerOptions> = { leaseMs: 1_500, renewMs: 200, pollMs: 300 };

/** A row of a delivery, as far as tests look at it. */
export interface DeliveryRow {
  readonly id: bigint;
  readonly targetId: string;
  readonly stage: number;
  readonly state: string;
  readonly attempts: number;
  readonly failures: number;
  readonly gate: string | null;
  readonly reason: string | null;
  readonly claimedBy: string | null;
  readonly isOver: boolean;
}

/** A row of an attempt, as far as tests look at it. */
export interface AttemptRow {
  readonly deliveryId: bigint;
  readonly number: number;
  readonly worker: string;
  readonly status: number | null;
  readonly failure: string | null;
  readonly decision: string;
}

/** A published event of a test. */
export interface TestEvent {
  readonly type?: string;
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly depth?: number;
}

/** A store with targets, executions and events, and workers that deliver them. */
export interface DeliveryBench {
  readonly url: string;
  readonly database: Database;
  readonly instanceId: string;
  readonly router: LiveRouter;
  readonly context: KeyContext;
  /** All that workers have logged. */
  readonly logged: { readonly event: keyof LogEvents; readonly fields: unknown }[];
  /** Creates a target. */
  target(
    endpoint: string,
    given?: Partial<Pick<Target, "type" | "interruptOnError" | "timeoutMs" | "payloadType">>,
    delivery?: Partial<DeliverySettings>,
  ): Promise<string>;
  /** Has targets called with all events of a type. */
  execute(type: string, targetIds: readonly string[], fifoBy?: string): Promise<void>;
  /** Appends events, and answers the ids of their deliveries. */
  publish(...events: readonly TestEvent[]): Promise<readonly bigint[]>;
  /** The same, where no worker is told of it. */
  publishUntold(...events: readonly TestEvent[]): Promise<readonly bigint[]>;
  /** Starts a worker, on the bench's own connections or others. Calls go to loopback, signed as the tests' endpoints expect it, with other choices as they are given. */
  worker(
    options?: Partial<DeliveryWorkerOptions>,
    connections?: Database,
    calling?: Partial<TargetCallerOptions>,
  ): Promise<DeliveryWorker>;
  deliveries(): Promise<readonly DeliveryRow[]>;
  attempts(): Promise<readonly AttemptRow[]>;
  /** Waits until deliveries are in these states, in the order of their ids. */
  states(...expected: readonly string[]): Promise<readonly DeliveryRow[]>;
  sql(text: string, ...values: readonly unknown[]): Promise<void>;
}

let targets = 0;

/** Opens a bench on a database of its own. */
export async function openDeliveryBench(t: Cleanup): Promise<DeliveryBench> {
  const url = await newDatabaseUrl(t);
  const database = createDatabase({ url });
  cleanUp(t, () => database.close());
  await migrate(database);
  const instanceId = await newInstance(database);
  const router = await openRouter(t, database, instanceId);
  const context = contextOf(database, instanceId, router);
  const chains = createRunChains(new Uint8Array(32), Date.now);
  const logged: { event: keyof LogEvents; fields: unknown }[] = [];

  const deliveries = (): Promise<readonly DeliveryRow[]> =>
    database.query<DeliveryRow>({
      text: `select id, target_id as "targetId", stage, state, attempts, failures, gate, reason, claimed_by as "claimedBy", ended_at is not null as "isOver"
             from interpose.deliveries where instance_id = $1 order by id`,
      values: [instanceId],
    });
  async function append(events: readonly TestEvent[], tellsOwners: boolean): Promise<readonly bigint[]> {
    const { revision } = router.current();
    const planned = planDeliveries(
      events.map(({ type = "a.b", aggregateType = "thing", aggregateId = "1", payload = {}, depth = 0 }) => ({
        type,
        aggregateType,
        aggregateId,
        payload,
        depth,
        creator: "tester",
      })),
      router.current(),
      5,
    );
    const appended = await appendEvents(database, planned, { instanceId, revision, learnTypes: false, tellsOwners });
    const positions = appended?.map(({ position }) => position) ?? assert.fail("nothing was appended");
    const rows = await database.query<{ readonly id: bigint }>({
      text: "select id from interpose.deliveries where event_position = any ($1) order by id",
      values: [positions],
    });
    return rows.map(({ id }) => id);
  }
  return {
    url,
    database,
    instanceId,
    router,
    context,
    logged,
    async target(endpoint, given = {}, delivery = {}) {
      const target = {
        name: `target ${++targets}`,
        endpoint,
        type: "webhook",
        interruptOnError: false,
        timeoutMs: 5_000,
        dialect: "v2",
        payloadType: payloadTypeOf(0),
        ...given,
      } as const;
      const { id } = await createTarget(context, target);
      if (Object.keys(delivery).length > 0) {
        await database.query({
          text: "update interpose.targets set delivery = $2 where id = $1",
          values: [id, JSON.stringify(delivery)],
        });
        // A change, so that routers read it.
        await updateTarget(context, id, { name: `${target.name} with settings` });
      }
      return id;
    },
    async execute(type, targetIds, fifoBy) {
      const condition = parseConditionId(`event/${type}`) ?? assert.fail(type);
      await setExecution(
        context,
        condition,
        targetIds.map((target) => ({ target })),
      );
      if (fifoBy !== undefined) await updateExecutionOptions(context, condition, { fifoBy });
    },
    publish: (...events) => append(events, false),
    publishUntold: (...events) => append(events, true),
    async worker(options = {}, connections = database, calling = {}) {
      const caller = createTargetCaller({ egressAllow: ["127.0.0.0/8"], ...TEST_SIGNING, ...calling });
      const log = (event: keyof LogEvents, fields: unknown): void => void logged.push({ event, fields });
      const worker = await startDeliveryWorker(
        { database: connections, instanceId, router, deliver: caller.deliver, chains, log },
        { ...QUICK, ...options },
      );
      let stopped: Promise<void> | undefined;
      const stop = (graceMs: number): Promise<void> => (stopped ??= worker.stop(graceMs));
      cleanUp(t, async () => {
        await stop(0);
        await caller.close();
      });
      return { ...worker, stop };
    },
    deliveries,
    attempts: () =>
      database.query<AttemptRow>({
        text: `select a.delivery_id as "deliveryId", a.number, a.worker, a.status, a.failure, a.decision
               from interpose.attempts a join interpose.deliveries d on d.id = a.delivery_id where d.instance_id = $1 order by a.delivery_id, a.number`,
        values: [instanceId],
      }),
    async states(...expected) {
      let rows: readonly DeliveryRow[] = [];
      const arrived = async (): Promise<boolean> => {
        rows = await deliveries();
        return rows.map(({ state }) => state).join() === expected.join();
      };
      await eventually(`the states ${expected.join()}`, arrived, 20_000).catch((error: unknown) => {
        throw new Error(`the states are ${rows.map(({ state }) => state).join()}`, { cause: error });
      });
      return rows;
    },
    sql: async (text, ...values) => void (await database.query({ text, values })),
  };
}

/** Pauses a target's queue as an operator does, and tells its owner. */
export const pause = (bench: DeliveryBench, targetId: string): Promise<void> =>
  bench.sql(
    `with paused as (update interpose.queues set paused_at = clock_timestamp(), paused_by = 'operator' where target_id = $1 returning target_id)
     select pg_notify('interpose_deliveries', target_id) from paused`,
    targetId,
  );

/** Takes away all that holds a target's queue, as an operator does, and tells its owner. */
export const resume = (bench: DeliveryBench, targetId: string): Promise<void> =>
  bench.sql(
    `with resumed as (
       update interpose.queues set paused_at = null, paused_by = null, pause_reason = null, slowed_until = null, breaker_opened_at = null,
         breaker_probe_at = null, breaker_openings = 0
       where target_id = $1 returning target_id
     ) select pg_notify('interpose_deliveries', target_id) from resumed`,
    targetId,
  );
