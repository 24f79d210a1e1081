import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDeliveryBench, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { startTarget, type ReceivedCall, type TestTarget } from "../../test/harness/target.ts";

/** The numbers `n` in the payloads of calls, in the order in which they came. */
const numbers = (calls: readonly ReceivedCall[]): readonly number[] =>
  calls.map(({ body }) => (body as { event_payload: { n: number } }).event_payload.n);

const attemptsOf = async (bench: DeliveryBench): Promise<readonly string[]> =>
  (await bench.attempts()).map(({ status, failure, decision }) => `${status ?? failure} ${decision}`);

/** A bench with one target that is told of all events `a.b`, and what it answers. */
async function openSimple(
  t: Parameters<typeof openDeliveryBench>[0],
  reply: Parameters<TestTarget["reply"]>[0] = {},
  delivery: Parameters<DeliveryBench["target"]>[2] = {},
): Promise<{ readonly bench: DeliveryBench; readonly endpoint: TestTarget; readonly target: string }> {
  const bench = await openDeliveryBench(t);
  const endpoint = await startTarget(t, reply);
  const target = await bench.target(endpoint.url, {}, delivery);
  await bench.execute("a.b", [target]);
  return { bench, endpoint, target };
}

describe("a delivery worker", () => {
  it("tells a target of an event, with all that it says of it", async (t) => {
    const { bench, endpoint } = await openSimple(t, { status: 202, body: "thanks" });
    const worker = await bench.worker();
    const [id] = await bench.publish({ payload: { n: 1.5, text: "ü" }, aggregateId: "7", depth: 2 });
    const [delivery] = await bench.states("succeeded");
    assert.deepEqual([delivery?.attempts, delivery?.failures, delivery?.claimedBy], [1, 0, null]);
    const [call] = endpoint.calls;
    assert.ok(call);
    const { created_at, ...body } = call.body as Record<string, unknown>;
    assert.match(String(created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(body, {
      aggregateID: "7",
      aggregateType: "thing",
      resourceOwner: bench.instanceId,
      instanceID: bench.instanceId,
      version: "v1",
      sequence: 1,
      event_type: "a.b",
      userID: "tester",
      event_payload: { n: 1.5, text: "ü" },
    });
    assert.equal(call.headers["webhook-id"], String(id));
    assert.equal(call.headers["interpose-attempt"], "1");
    assert.match(String(call.headers["webhook-timestamp"]), /^\d{10}$/);
    assert.match(String(call.headers["interpose-run"]), /^3\./);
    const row = { deliveryId: id, number: 1, worker: worker.id, status: 202, failure: null, decision: "succeeded" };
    assert.deepEqual(await bench.attempts(), [row]);
  });

  it("delivers what was there before it started, and what is published later, without waiting for a poll", async (t) => {
    const { bench, endpoint } = await openSimple(t);
    await bench.publish({ payload: { n: 1 } });
    await bench.worker({ pollMs: 3_600_000 });
    await bench.states("succeeded");
    await bench.publish({ payload: { n: 2 } });
    await bench.states("succeeded", "succeeded");
    assert.deepEqual(numbers(endpoint.calls), [1, 2]);
  });

  it("takes on the queue of a target that was created after it started", async (t) => {
    const { bench } = await openSimple(t);
    await bench.worker({ pollMs: 3_600_000, renewMs: 1_000, leaseMs: 3_600_000 });
    const endpoint = await startTarget(t);
    await bench.execute("a.new", [await bench.target(endpoint.url)]);
    await bench.publish({ type: "a.new" });
    await bench.states("succeeded");
    assert.equal(endpoint.calls.length, 1);
  });

  it("tries again by the target's schedule, with the same bytes, until it succeeds", async (t) => {
    const { bench, endpoint } = await openSimple(t, { status: 500 }, { retryDelaysMs: [100, 100, 100] });
    await bench.worker();
    await bench.publish({ payload: { n: 1 } });
    await eventually("two attempts", () => endpoint.calls.length === 2);
    endpoint.reply({});
    const [delivery] = await bench.states("succeeded");
    assert.deepEqual([delivery?.attempts, delivery?.failures], [3, 2]);
    assert.deepEqual(await attemptsOf(bench), ["500 retry", "500 retry", "200 succeeded"]);
    assert.deepEqual(
      endpoint.calls.map(({ headers }) => headers["interpose-attempt"]),
      ["1", "2", "3"],
    );
    assert.equal(new Set(endpoint.calls.map(({ body }) => JSON.stringify(body))).size, 1);
    assert.equal(new Set(endpoint.calls.map(({ headers }) => headers["webhook-id"])).size, 1);
  });

  it("makes a dead letter of what failed with its last attempt, and sends it again when it is set going", async (t) => {
    const { bench, endpoint } = await openSimple(t, { status: 500 }, { retryDelaysMs: [50] });
    await bench.worker();
    const [id] = await bench.publish({});
    const [dead] = await bench.states("dead");
    assert.deepEqual([dead?.attempts, dead?.failures, dead?.reason, dead?.isOver], [2, 2, "status", true]);
    endpoint.reply({});
    await bench.sql(
      `with again as (update interpose.deliveries set state = 'waiting', due_at = clock_timestamp(), failures = 0, ended_at = null, reason = null
         where id = $1 returning target_id)
       select pg_notify('interpose_deliveries', target_id) from again`,
      id,
    );
    const [told] = await bench.states("succeeded");
    assert.equal(told?.attempts, 3);
  });

  it("counts an attempt whose claim PostgreSQL lost in a crash, and none of a delivery that has gone on", async (t) => {
    const bench = await openDeliveryBench(t);
    let [release, isThere] = [(): void => undefined, false];
    const released = new Promise<void>((resolve) => (release = resolve));
    const endpoint = await startTarget(t, async () => {
      isThere = true;
      await released;
      return {};
    });
    await bench.execute("a.b", [await bench.target(endpoint.url)]);
    await bench.worker();
    const [lost, goneOn] = await bench.publish({ aggregateId: "1" }, { aggregateId: "2" });
    await eventually("the attempts", () => isThere && endpoint.calls.length === 2);
    await bench.sql("update interpose.deliveries set claimed_by = null, claimed_at = null where id = $1", lost);
    await bench.sql("update interpose.deliveries set claimed_by = 'another', attempts = 1 where id = $1", goneOn);
    release();
    await eventually("the record", async () => (await bench.attempts()).length > 0);
    const rows = await bench.deliveries();
    assert.deepEqual(
      rows.map(({ id, state, attempts, claimedBy }) => ({ id, state, attempts, claimedBy })),
      [
        { id: lost, state: "succeeded", attempts: 1, claimedBy: null },
        { id: goneOn, state: "waiting", attempts: 1, claimedBy: "another" },
      ],
    );
    assert.deepEqual(
      (await bench.attempts()).map(({ deliveryId }) => deliveryId),
      [lost],
    );
  });

  it("ends at once what would meet the same again: addresses outside the rules, and a wish to refuse", async (t) => {
    const bench = await openDeliveryBench(t);
    const endpoint = await startTarget(t, { body: { forwardedStatusCode: 403, forwardedErrorMessage: "no" } });
    const targets = [await bench.target("http://192.0.2.1/"), await bench.target(endpoint.url)];
    await bench.execute("a.b", [targets[0] ?? ""]);
    await bench.execute("a.c", [targets[1] ?? ""]);
    await bench.worker();
    await bench.publish({}, { type: "a.c" });
    const rows = await bench.states("dead", "dead");
    assert.deepEqual(
      rows.map(({ reason, attempts }) => [reason, attempts]),
      [
        ["egress_denied", 1],
        ["refused", 1],
      ],
    );
  });

  it("uses the settings that a target has when it is attempted", async (t) => {
    const { bench, endpoint, target } = await openSimple(t, { status: 500 }, { retryDelaysMs: [1_000, 1_000] });
    await bench.worker();
    await bench.publish({});
    await eventually("an attempt", () => endpoint.calls.length === 1);
    const other = await startTarget(t);
    const { updateTarget } = await import("../commands/update-target.ts");
    await updateTarget(bench.context, target, { endpoint: other.url });
    await bench.states("succeeded");
    assert.deepEqual([endpoint.calls.length, other.calls.length], [1, 1]);
  });
});

describe("the targets of one event", () => {
  /** Publishes one event for targets as they are described, and answers how each of them answers. */
  async function openPlan(
    t: Parameters<typeof openDeliveryBench>[0],
    kinds: readonly ("interrupting" | "not" | "async")[],
  ): Promise<{ readonly bench: DeliveryBench; readonly endpoints: readonly TestTarget[]; readonly order: number[] }> {
    const bench = await openDeliveryBench(t);
    const order: number[] = [];
    const endpoints: TestTarget[] = [];
    const targets: string[] = [];
    for (const [i, kind] of kinds.entries()) {
      const endpoint = await startTarget(t);
      endpoint.reply(() => (order.push(i), {}));
      endpoints.push(endpoint);
      const given = {
        type: kind === "async" ? ("async" as const) : ("webhook" as const),
        interruptOnError: kind === "interrupting",
      };
      targets.push(await bench.target(endpoint.url, given, { retryDelaysMs: [200] }));
    }
    await bench.execute("a.b", targets);
    return { bench, endpoints, order };
  }

  it("are told one after the other, but for async ones", async (t) => {
    const { bench, order } = await openPlan(t, ["interrupting", "not", "interrupting"]);
    await bench.worker();
    await bench.publish({});
    await bench.states("succeeded", "succeeded", "succeeded");
    assert.deepEqual(order, [0, 1, 2]);
  });

  it("wait until one that interrupts was told, however often that takes", async (t) => {
    const { bench, endpoints } = await openPlan(t, ["interrupting", "not"]);
    endpoints[0]?.reply({ status: 500 });
    await bench.worker();
    await bench.publish({});
    await eventually("an attempt", async () => (await bench.attempts()).length === 1);
    assert.deepEqual(
      (await bench.deliveries()).map(({ state }) => state),
      ["waiting", "blocked"],
    );
    endpoints[0]?.reply({});
    await bench.states("succeeded", "succeeded");
  });

  it("are skipped when one that interrupts fails for good", async (t) => {
    const { bench, endpoints } = await openPlan(t, ["interrupting", "not", "async", "interrupting"]);
    endpoints[0]?.reply({ status: 500 });
    await bench.worker();
    await bench.publish({});
    const rows = await bench.states("dead", "skipped", "skipped", "skipped");
    assert.deepEqual(
      rows.map(({ reason, gate }) => [reason, gate]),
      [
        ["status", "success"],
        ["interrupted", "attempt"],
        ["interrupted", null],
        ["interrupted", null],
      ],
    );
    assert.equal(endpoints[1]?.calls.length, 0);
  });

  it("wait for the first attempt alone of one that does not interrupt", async (t) => {
    const { bench, endpoints } = await openPlan(t, ["not", "not"]);
    endpoints[0]?.reply({ status: 500 });
    await bench.worker();
    await bench.publish({});
    await bench.states("dead", "succeeded");
    assert.equal((await bench.attempts()).length, 3);
  });

  it("are told at once where they are async", async (t) => {
    const { bench, endpoints } = await openPlan(t, ["async", "not"]);
    endpoints[0]?.reply("hang");
    await bench.worker();
    await bench.publish({});
    await eventually("the other one", async () => (await bench.deliveries())[1]?.state === "succeeded");
    assert.equal((await bench.deliveries())[0]?.state, "waiting");
  });
});

describe("deliveries with a key", () => {
  async function openOrdered(
    t: Parameters<typeof openDeliveryBench>[0],
    fifoBy: string,
  ): Promise<{ readonly bench: DeliveryBench; readonly endpoint: TestTarget }> {
    const bench = await openDeliveryBench(t);
    const endpoint = await startTarget(t);
    await bench.execute("a.b", [await bench.target(endpoint.url, {}, { retryDelaysMs: [150] })], fifoBy);
    return { bench, endpoint };
  }

  it("are told one after the other, in their order, and beside those of other keys", async (t) => {
    const { bench, endpoint } = await openOrdered(t, "payload.key");
    const underWay = new Map<string, number>();
    let most = 0;
    endpoint.reply(async ({ body }) => {
      const { key } = (body as { event_payload: { key: string } }).event_payload;
      const now = (underWay.get(key) ?? 0) + 1;
      assert.equal(now, 1, `two of the key ${key} at once`);
      underWay.set(key, now);
      most = Math.max(
        most,
        [...underWay.values()].reduce((sum, n) => sum + n, 0),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay.set(key, 0);
      return {};
    });
    await bench.worker();
    const keys = ["a", "b", "c"];
    const events = Array.from({ length: 60 }, (_, n) => ({ payload: { key: keys[n % 3], n }, aggregateId: String(n) }));
    await bench.publish(...events.slice(0, 30));
    await bench.publish(...events.slice(30));
    await bench.states(...events.map(() => "succeeded"));
    for (const [i, key] of keys.entries()) {
      const seen = numbers(endpoint.calls.filter(({ body }) => body.event_payload.key === key));
      assert.deepEqual(
        seen,
        Array.from({ length: 20 }, (_, n) => n * 3 + i),
      );
    }
    assert.ok(most > 1, "keys waited for each other");
    assert.equal(endpoint.calls.length, 60);
  });

  it("follow each other by their aggregate", async (t) => {
    const { bench, endpoint } = await openOrdered(t, "aggregate");
    await bench.worker();
    const events = Array.from({ length: 20 }, (_, n) => ({ payload: { n }, aggregateId: "one" }));
    await bench.publish(...events);
    await bench.states(...events.map(() => "succeeded"));
    assert.deepEqual(
      numbers(endpoint.calls),
      events.map((_, n) => n),
    );
  });

  it("wait for one that is tried again, and go on behind a dead letter; one that is sent again holds up later ones", async (t) => {
    const { bench, endpoint } = await openOrdered(t, "aggregate");
    endpoint.reply(({ body }) => ({ status: body.event_payload.n === 0 ? 500 : 200 }));
    await bench.worker();
    const [first] = await bench.publish({ payload: { n: 0 } }, { payload: { n: 1 } }, { payload: { n: 2 } });
    await bench.states("dead", "succeeded", "succeeded");
    assert.deepEqual(numbers(endpoint.calls), [0, 0, 1, 2]);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    endpoint.reply(async ({ body }) => {
      if (body.event_payload.n === 0) await released;
      return {};
    });
    await bench.sql(
      `with again as (update interpose.deliveries set state = 'waiting', due_at = clock_timestamp(), failures = 0, ended_at = null, reason = null
         where id = $1 returning target_id) select pg_notify('interpose_deliveries', target_id) from again`,
      first,
    );
    await eventually("the attempt", () => endpoint.calls.length === 5);
    await bench.publish({ payload: { n: 3 } });
    await bench.states("waiting", "succeeded", "succeeded", "queued");
    release();
    await bench.states("succeeded", "succeeded", "succeeded", "succeeded");
    assert.deepEqual(numbers(endpoint.calls), [0, 0, 1, 2, 0, 3]);
  });

  it("go on when others end one that they wait for", async (t) => {
    const { bench, endpoint } = await openOrdered(t, "aggregate");
    endpoint.reply({ status: 500 });
    await bench.sql("update interpose.targets set delivery = '{\"retryDelaysMs\": [3600000]}'");
    const { updateTarget } = await import("../commands/update-target.ts");
    const [row] = await bench.database.query<{ id: string }>({ text: "select id from interpose.targets", values: [] });
    await updateTarget(bench.context, row?.id ?? "", { name: "slow to try again" });
    await bench.worker();
    const [first] = await bench.publish({ payload: { n: 0 } }, { payload: { n: 1 } });
    await eventually("the first attempt", async () => (await bench.attempts()).length === 1);
    await bench.states("waiting", "queued");
    endpoint.reply({});
    await bench.sql(
      `with over as (update interpose.deliveries set state = 'cancelled', ended_at = clock_timestamp() where id = $1 returning target_id)
       select pg_notify('interpose_deliveries', target_id) from over`,
      first,
    );
    await bench.states("cancelled", "succeeded");
  });
});
