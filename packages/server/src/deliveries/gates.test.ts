import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConditionId } from "@interpose/engine";
import { cancelDeliveries, cancelDelivery } from "../commands/cancel-deliveries.ts";
import { deleteExecution } from "../commands/delete-execution.ts";
import { deleteTarget } from "../commands/delete-target.ts";
import { redeliverDelivery } from "../commands/redeliver-delivery.ts";
import type { DeliveryWorkerOptions } from "./worker-parts.ts";
import type { Cleanup } from "../../test/harness/cleanup.ts";
import { openDeliveryBench, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../test/harness/target.ts";

/** A worker that is told, or never learns of it while a test lasts. */
const TOLD = { pollMs: 3_600_000, sweepMs: 3_600_000 };
/** A worker that learns of nothing but by sweeping. */
const SWEEPS = { pollMs: 3_600_000, sweepMs: 200 };
/** A worker that learns of targets that are gone. */
const POLLS = { sweepMs: 3_600_000 };
const NEVER_AGAIN = { retryDelaysMs: [3_600_000] };

/** One target of a plan, as tests describe it. */
type Kind = "interrupting" | "not";

/** A bench with an execution on `a.b`; the first target fails, and is not tried again before its test is over. */
async function openPlan(
  t: Cleanup,
  kinds: readonly Kind[],
): Promise<{
  readonly bench: DeliveryBench;
  readonly targets: readonly string[];
  readonly endpoints: readonly TestTarget[];
}> {
  const bench = await openDeliveryBench(t);
  const endpoints: TestTarget[] = [];
  const targets: string[] = [];
  for (const [i, kind] of kinds.entries()) {
    const endpoint = await startTarget(t, i === 0 ? { status: 500 } : {});
    endpoints.push(endpoint);
    targets.push(await bench.target(endpoint.url, { interruptOnError: kind === "interrupting" }, NEVER_AGAIN));
  }
  await bench.execute("a.b", targets);
  return { bench, targets, endpoints };
}

/** Deletes a target, with an execution on it that has it last. */
async function deleteAll(bench: DeliveryBench, target: string, ...executions: readonly string[]): Promise<void> {
  for (const id of executions) await deleteExecution(bench.context, parseConditionId(id) ?? assert.fail(id));
  await deleteTarget(bench.context, target);
}

/** Waits for the first attempt, which fails. */
const firstFailure = (bench: DeliveryBench): Promise<unknown> =>
  eventually("the first attempt", async () => (await bench.attempts()).length > 0);

describe("what waits for a delivery that is cancelled before its turn", () => {
  const ways: readonly {
    name: string;
    cancel: (bench: DeliveryBench, id: bigint, target: string) => Promise<unknown>;
  }[] = [
    { name: "by an order", cancel: (bench, id) => cancelDelivery(bench.context, id) },
    { name: "by an order about many", cancel: (bench, id) => cancelDeliveries(bench.context, [id]) },
    { name: "with its target", cancel: (bench, _, target) => deleteAll(bench, target) },
  ];
  for (const { name, cancel } of ways) {
    it(`waits on for what that waited for, where it is cancelled ${name}`, async (t) => {
      const { bench, targets, endpoints } = await openPlan(t, ["interrupting", "not", "not"]);
      await bench.worker(POLLS);
      const [first, second] = await bench.publish({});
      await firstFailure(bench);
      await cancel(bench, second ?? 0n, targets[1] ?? "");
      await bench.states("waiting", "cancelled", "blocked");
      endpoints[0]?.reply({});
      await redeliverDelivery(bench.context, first ?? 0n);
      await bench.states("succeeded", "cancelled", "succeeded");
      assert.deepEqual(
        endpoints.map(({ calls }) => calls.length),
        [2, 0, 1],
      );
    });
  }

  it("is skipped with it, when what both waited for fails for good", async (t) => {
    const { bench, targets } = await openPlan(t, ["interrupting", "not", "not"]);
    await bench.worker(POLLS);
    const [first] = await bench.publish({});
    await firstFailure(bench);
    await deleteAll(bench, targets[1] ?? "");
    await bench.states("waiting", "cancelled", "blocked");
    await cancelDelivery(bench.context, first ?? 0n);
    await bench.states("cancelled", "cancelled", "skipped");
  });

  it("waits for each of several gates before it", async (t) => {
    const { bench, endpoints } = await openPlan(t, ["interrupting", "not", "interrupting", "not"]);
    endpoints[2]?.reply({ status: 500 });
    await bench.worker(TOLD);
    const [first, second] = await bench.publish({});
    await firstFailure(bench);
    await cancelDelivery(bench.context, second ?? 0n);
    endpoints[0]?.reply({});
    await redeliverDelivery(bench.context, first ?? 0n);
    await eventually("an attempt of the third", () => endpoints[2]?.calls.length === 1);
    await bench.states("succeeded", "cancelled", "waiting", "blocked");
  });

  it("begins though nobody saw that the gates before it had opened in the same instant", async (t) => {
    const { bench, endpoints } = await openPlan(t, ["interrupting", "not", "not", "not"]);
    const [first, second] = await bench.publish({}, { aggregateId: "2" });
    // As the finishing of the first and the cancelling of the second leave it, where neither saw the other.
    await bench.sql(
      "update interpose.deliveries set state = 'succeeded', gate = null, ended_at = now() where id = $1",
      first,
    );
    await bench.sql(
      "update interpose.deliveries set state = 'cancelled', gate = null, ended_at = now() where id = $1",
      second,
    );
    await bench.worker(SWEEPS);
    await bench.states("succeeded", "cancelled", "succeeded", "succeeded", "waiting", "blocked", "blocked", "blocked");
    await eventually("the attempt of the other event", () => endpoints[0]?.calls.length === 1);
    assert.deepEqual(
      (await bench.deliveries()).map(({ gate }) => gate),
      [null, null, null, null, "success", "attempt", "attempt", null],
      "a gate that is closed stays so",
    );
  });
});

describe("what waits for a delivery of its key that others end", () => {
  /**
   * Two deliveries to `last` with one key: that of the first event behind a target that interrupts and fails, and that of the second behind it. Answers their ids, and
   * that of what the first waits for.
   */
  async function openOrdered(t: Cleanup, workers = 1, options: Partial<DeliveryWorkerOptions> = TOLD) {
    const { bench, targets, endpoints } = await openPlan(t, ["interrupting", "not"]);
    await bench.execute("a.b", targets, "aggregate");
    await bench.execute("a.c", targets.slice(1), "aggregate");
    for (let i = 0; i < workers; i++) await bench.worker(options);
    if (workers > 1) await eventually("a part for each", async () => (await owners(bench)).size === workers);
    const [gate = 0n, first = 0n] = await bench.publish({});
    await firstFailure(bench);
    const [second = 0n] = await bench.publish({ type: "a.c" });
    await bench.states("waiting", "blocked", "queued");
    return { bench, targets, endpoints, gate, first, second };
  }
  const owners = async (bench: DeliveryBench): Promise<ReadonlySet<string | null>> =>
    new Set(
      (
        await bench.database.query<{ owner: string | null }>({ text: "select owner from interpose.queues", values: [] })
      ).map(({ owner }) => owner),
    );

  it("begins when that one is cancelled", async (t) => {
    const { bench, first } = await openOrdered(t);
    await cancelDelivery(bench.context, first);
    await bench.states("waiting", "cancelled", "succeeded");
  });

  it("begins when that one is cancelled with many", async (t) => {
    const { bench, gate, first } = await openOrdered(t);
    await cancelDeliveries(bench.context, [gate, first]);
    await bench.states("cancelled", "cancelled", "succeeded");
  });

  it("begins when that one is skipped, since what it waited for was cancelled", async (t) => {
    const { bench, gate } = await openOrdered(t);
    await cancelDelivery(bench.context, gate);
    await bench.states("cancelled", "skipped", "succeeded");
  });

  for (const workers of [1, 2]) {
    it(`begins when that one is skipped, since what it waited for became a dead letter, with ${workers} at work`, async (t) => {
      const { bench, endpoints, gate } = await openOrdered(t, workers);
      endpoints[0]?.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "no" } });
      await redeliverDelivery(bench.context, gate);
      await bench.states("dead", "skipped", "succeeded");
    });

    it(`begins when that one is skipped, since the target before it was deleted, with ${workers} at work`, async (t) => {
      const { bench, targets } = await openOrdered(t, workers, POLLS);
      await deleteAll(bench, targets[0] ?? "");
      await bench.states("cancelled", "skipped", "succeeded");
    });
  }

  it("begins by a notice that says of no target in particular", async (t) => {
    const { bench, first } = await openOrdered(t);
    await bench.sql("update interpose.deliveries set state = 'cancelled', ended_at = now() where id = $1", first);
    await bench.sql("select pg_notify('interpose_deliveries', '*')");
    await bench.states("waiting", "cancelled", "succeeded");
  });

  it("begins though nobody told of it", async (t) => {
    const { bench, first } = await openOrdered(t, 1, SWEEPS);
    await bench.sql("update interpose.deliveries set state = 'cancelled', ended_at = now() where id = $1", first);
    await bench.states("waiting", "cancelled", "succeeded");
  });
});
