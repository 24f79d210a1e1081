import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDeliveryBench, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { cleanUp, type Cleanup } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../test/harness/target.ts";
import { startTcpProxy, type TcpProxy } from "../../test/harness/tcp-proxy.ts";
import { createDatabase, type Database } from "../store/database.ts";

/** How many queues each owner has; `none` has what is free. */
async function owners(bench: DeliveryBench): Promise<Readonly<Record<string, number>>> {
  const rows = await bench.database.query<{ readonly owner: string; readonly count: number }>({
    text: `select coalesce(owner, 'none') as owner, count(*)::int as count from interpose.queues where instance_id = $1 group by 1`,
    values: [bench.instanceId],
  });
  return Object.fromEntries(rows.map(({ owner, count }) => [owner, count]));
}

/** Targets that are told of events `t.0`, `t.1` ... each. */
async function openMany(
  t: Cleanup,
  count: number,
  reply: Parameters<TestTarget["reply"]>[0] = {},
  delivery: Parameters<DeliveryBench["target"]>[2] = {},
): Promise<{ readonly bench: DeliveryBench; readonly endpoint: TestTarget }> {
  const bench = await openDeliveryBench(t);
  const endpoint = await startTarget(t, reply);
  for (let i = 0; i < count; i++) await bench.execute(`t.${i}`, [await bench.target(endpoint.url, {}, delivery)]);
  return { bench, endpoint };
}

/** Connections to the bench's database that can be cut. */
async function cuttable(
  t: Cleanup,
  bench: DeliveryBench,
): Promise<{ readonly proxy: TcpProxy; readonly database: Database }> {
  const url = new URL(bench.url);
  const proxy = await startTcpProxy(t, { host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const database = createDatabase({ url: url.href });
  cleanUp(t, () => database.close());
  return { proxy, database };
}

describe("several workers", () => {
  it("share the queues, also when one joins or leaves", async (t) => {
    const { bench, endpoint } = await openMany(t, 7);
    const first = await bench.worker();
    assert.deepEqual(await owners(bench), { [first.id]: 7 });
    const second = await bench.worker();
    await eventually(
      "shares",
      async () => (await owners(bench))[second.id] === 3 || (await owners(bench))[second.id] === 4,
    );
    await eventually("all owned", async () => (await owners(bench)).none === undefined);
    const third = await bench.worker();
    await eventually("shares of three", async () => {
      const shares = Object.values(await owners(bench)).sort();
      return shares.join() === "2,2,3" || shares.join() === "1,3,3";
    });
    await bench.publish(...Array.from({ length: 70 }, (_, n) => ({ type: `t.${n % 7}`, aggregateId: String(n) })));
    await bench.states(...Array.from({ length: 70 }, () => "succeeded"));
    assert.equal(endpoint.calls.length, 70);
    assert.equal(new Set((await bench.attempts()).map(({ worker }) => worker)).size, 3);
    await first.stop(1_000);
    await third.stop(1_000);
    await eventually("all of it at one", async () => (await owners(bench))[second.id] === 7);
  });

  it("are told of what was published beside them: its own one at once, the others by a notification", async (t) => {
    const { bench, endpoint } = await openMany(t, 6);
    // Nobody finds by polling what nobody tells of.
    const [first, second] = [await bench.worker({ pollMs: 600_000 }), await bench.worker({ pollMs: 600_000 })];
    await eventually("shares", async () => (await owners(bench))[second.id] === 3);
    await eventually("all owned", async () => (await owners(bench)).none === undefined);
    const events = Array.from({ length: 6 }, (_, n) => ({ type: `t.${n}`, aggregateId: String(n) }));
    await bench.publishUntold(...events);
    first.owners.tell((await bench.deliveries()).map(({ targetId }) => targetId));
    await bench.states(...events.map(() => "succeeded"));
    assert.equal(endpoint.calls.length, 6);
    const by = (await bench.attempts()).map(({ worker }) => worker);
    assert.deepEqual([by.filter((id) => id === first.id).length, by.filter((id) => id === second.id).length], [3, 3]);
  });

  it("keep a target's limits together, while its queue goes from one to the other", async (t) => {
    const { bench, endpoint } = await openMany(t, 2, {}, { maxConcurrency: 2, maxPerSecond: 40 });
    let [underWay, most] = [0, 0];
    const times: number[] = [];
    endpoint.reply(async ({ body }) => {
      if (body.event_type !== "t.0") return {};
      times.push(performance.now());
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 10));
      underWay--;
      return {};
    });
    let worker = await bench.worker();
    await bench.publish(...Array.from({ length: 100 }, (_, n) => ({ type: "t.0", aggregateId: String(n) })));
    for (let i = 0; i < 2; i++) {
      await eventually("some", () => times.length > i * 40 + 10);
      const next = await bench.worker();
      await worker.stop(2_000);
      worker = next;
    }
    await bench.states(...Array.from({ length: 100 }, () => "succeeded"));
    assert.ok(most <= 2, String(most));
    times.forEach((at, i) =>
      assert.ok(at - (times[i - 45] ?? -10_000) > 900, `45 within ${at - (times[i - 45] ?? 0)} ms`),
    );
    assert.equal(endpoint.calls.length, 100);
  });

  it("take over what one was attempting that is not heard of any more; what comes of that later changes nothing", async (t) => {
    const { bench, endpoint } = await openMany(t, 1);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    endpoint.reply(async () => {
      if (endpoint.calls.length === 1) await released;
      return {};
    });
    const { proxy, database } = await cuttable(t, bench);
    const lost = await bench.worker({}, database);
    const [id] = await bench.publish({ type: "t.0" });
    await eventually("the attempt", () => endpoint.calls.length === 1);
    const heir = await bench.worker();
    await proxy.drop();
    const [delivery] = await bench.states("succeeded");
    assert.equal(delivery?.attempts, 2);
    const expected = [
      { deliveryId: id, number: 1, worker: lost.id, status: null, failure: "worker_lost", decision: "retry" },
      { deliveryId: id, number: 2, worker: heir.id, status: 200, failure: null, decision: "succeeded" },
    ];
    assert.deepEqual(await bench.attempts(), expected);
    assert.deepEqual(
      endpoint.calls.map(({ headers }) => headers["interpose-attempt"]),
      ["1", "2"],
    );
    assert.equal(delivery.failures, 0);

    release();
    await proxy.restore();
    await eventually("the lost one is back", async () => {
      const rows = await bench.database.query({
        text: "select from interpose.workers where id = $1 and lease_until > clock_timestamp()",
        values: [lost.id],
      });
      return rows.length === 1;
    });
    await bench.publish({ type: "t.0", aggregateId: "2" });
    await bench.states("succeeded", "succeeded");
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual((await bench.attempts()).slice(0, 2), expected);
    assert.deepEqual((await bench.deliveries())[0]?.attempts, 2);
  });
});

describe("a worker whose store goes away", () => {
  it("keeps what its attempts came to, and writes it when the store is back", async (t) => {
    const { bench, endpoint } = await openMany(t, 3);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    endpoint.reply(async () => (await released, {}));
    const { proxy, database } = await cuttable(t, bench);
    await bench.worker({}, database);
    await bench.publish(...Array.from({ length: 30 }, (_, n) => ({ type: `t.${n % 3}`, aggregateId: String(n) })));
    await eventually("the attempts", () => endpoint.calls.length === 30);
    await proxy.drop();
    release();
    // Longer than the lease.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await proxy.restore();
    await bench.states(...Array.from({ length: 30 }, () => "succeeded"));
    assert.equal(endpoint.calls.length, 30);
    assert.equal((await bench.attempts()).length, 30);
    await bench.publish({ type: "t.1", aggregateId: "new" });
    await bench.states(...Array.from({ length: 31 }, () => "succeeded"));
  });
});

describe("a worker that stops", () => {
  it("lets attempts end that are under way, begins none, and leaves its queues at once", async (t) => {
    const { bench, endpoint } = await openMany(t, 1, {}, { maxConcurrency: 1 });
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    endpoint.reply(async () => (await released, {}));
    const worker = await bench.worker();
    await bench.publish({ type: "t.0" }, { type: "t.0", aggregateId: "2" });
    await eventually("the attempt", () => endpoint.calls.length === 1);
    const stopped = worker.stop(10_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    release();
    await stopped;
    await bench.states("succeeded", "waiting");
    assert.equal(endpoint.calls.length, 1);
    assert.deepEqual(await owners(bench), { none: 1 });
    assert.deepEqual(await bench.database.query({ text: "select from interpose.workers", values: [] }), []);
    await bench.worker();
    await bench.states("succeeded", "succeeded");
  });

  it("gives up attempts that take too long, on record and with no failure counted, and gives back the claim", async (t) => {
    const { bench, endpoint } = await openMany(t, 1, "hang");
    const worker = await bench.worker();
    await bench.publish({ type: "t.0" });
    await eventually("the attempt", () => endpoint.calls.length === 1);
    await worker.stop(100);
    const [delivery] = await bench.states("waiting");
    assert.deepEqual([delivery?.attempts, delivery?.failures, delivery?.claimedBy], [1, 0, null]);
    const [attempt] = await bench.attempts();
    assert.deepEqual([attempt?.failure, attempt?.decision], ["cancelled", "retry"]);
    endpoint.reply({});
    await bench.worker();
    await bench.states("succeeded");
  });
});
