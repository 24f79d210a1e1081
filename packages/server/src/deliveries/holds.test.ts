import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deleteTarget } from "../commands/delete-target.ts";
import { deleteExecution } from "../commands/delete-execution.ts";
import { updateTarget } from "../commands/update-target.ts";
import { openDeliveryBench, pause, resume, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { condition } from "../../test/harness/routers.ts";
import { countAtOnce, startTarget, type TestTarget } from "../../test/harness/target.ts";

interface QueueRow {
  readonly pausedBy: string | null;
  readonly reason: string | null;
  readonly slowedMs: number | null;
  readonly isOpen: boolean;
  readonly openings: number;
}

async function queueOf(bench: DeliveryBench, targetId: string): Promise<QueueRow | undefined> {
  const [row] = await bench.database.query<QueueRow>({
    text: `select paused_by as "pausedBy", pause_reason as reason, extract(epoch from slowed_until - clock_timestamp())::float8 * 1000 as "slowedMs",
             breaker_opened_at is not null as "isOpen", breaker_openings as openings
           from interpose.queues where target_id = $1`,
    values: [targetId],
  });
  return row;
}

async function open(
  t: Parameters<typeof openDeliveryBench>[0],
  reply: Parameters<TestTarget["reply"]>[0],
  delivery: Parameters<DeliveryBench["target"]>[2] = {},
  fifoBy?: string,
): Promise<{ readonly bench: DeliveryBench; readonly endpoint: TestTarget; readonly target: string }> {
  const bench = await openDeliveryBench(t);
  const endpoint = await startTarget(t, reply);
  const target = await bench.target(endpoint.url, {}, delivery);
  await bench.execute("a.b", [target], fifoBy);
  return { bench, endpoint, target };
}

/** Events of as many aggregates. */
const many = (count: number) => Array.from({ length: count }, (_, n) => ({ aggregateId: String(n), payload: { n } }));

describe("a queue that is paused", () => {
  it("holds what comes, also that by key, and flows in order when it is resumed", async (t) => {
    const { bench, endpoint, target } = await open(t, {}, {}, "payload.key");
    await bench.worker();
    await pause(bench, target);
    const events = many(10).map(({ aggregateId, payload }) => ({ aggregateId, payload: { ...payload, key: "k" } }));
    await bench.publish(...events);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(endpoint.calls.length, 0);
    await resume(bench, target);
    await bench.states(...events.map(() => "succeeded"));
    assert.deepEqual(
      endpoint.calls.map(({ body }) => body.event_payload.n),
      events.map((_, n) => n),
    );
  });

  it("goes on with what has been due for long, as soon as it is resumed", async (t) => {
    const { bench, endpoint, target } = await open(t, {});
    await bench.worker({ pollMs: 60_000 });
    await pause(bench, target);
    await bench.publish(...many(10));
    await bench.sql("update interpose.deliveries set due_at = due_at - interval '1 hour' where target_id = $1", target);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(endpoint.calls.length, 0);
    await resume(bench, target);
    await bench.states(...many(10).map(() => "succeeded"));
  });

  it("delays nobody where it does not interrupt, and everybody where it does", async (t) => {
    const bench = await openDeliveryBench(t);
    const endpoint = await startTarget(t);
    const held = await bench.target(endpoint.url);
    const interrupting = await bench.target(endpoint.url, { interruptOnError: true });
    const last = await bench.target(endpoint.url);
    await bench.execute("a.b", [held, last]);
    await bench.execute("a.c", [interrupting, last]);
    await bench.worker();
    await bench.publish({}, { type: "a.c" });
    await bench.states("succeeded", "succeeded", "succeeded", "succeeded");
    await pause(bench, held);
    await pause(bench, interrupting);
    await bench.publish({ aggregateId: "2" }, { type: "a.c", aggregateId: "3" });
    const done = ["succeeded", "succeeded", "succeeded", "succeeded"];
    await bench.states(...done, "waiting", "succeeded", "waiting", "blocked");
    await resume(bench, held);
    await resume(bench, interrupting);
    await bench.states(...done, ...done);
  });

  it("is so since its target answered 410, with nothing counted; what waited goes on when it is resumed", async (t) => {
    const { bench, endpoint, target } = await open(t, { status: 410 });
    await bench.worker();
    await bench.publish({});
    const queue = await eventually("the pause", async () => {
      const row = await queueOf(bench, target);
      return row?.pausedBy ? row : undefined;
    });
    assert.equal(queue.pausedBy, "target");
    assert.match(queue.reason ?? "", /410 Gone.*resume/);
    const [delivery] = await bench.states("waiting");
    assert.deepEqual([delivery?.attempts, delivery?.failures], [1, 0]);
    endpoint.reply({});
    await bench.publish({ aggregateId: "2" });
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(endpoint.calls.length, 1);
    await resume(bench, target);
    await bench.states("succeeded", "succeeded");
    assert.deepEqual(
      (await bench.attempts()).map(({ decision }) => decision),
      ["held", "succeeded", "succeeded"],
    );
  });

  it("is so since it was told of more than a thousand of Interpose's own events within a minute", async (t) => {
    const { bench, endpoint, target } = await open(t, {});
    await bench.worker();
    for (let i = 0; i < 11; i++) {
      await bench.publish(
        ...many(100).map((event) => ({ ...event, aggregateType: "target", aggregateId: `${i}/${event.aggregateId}` })),
      );
    }
    const queue = await eventually(
      "the pause",
      async () => {
        const row = await queueOf(bench, target);
        return row?.pausedBy ? row : undefined;
      },
      30_000,
    );
    assert.equal(queue.pausedBy, "loop");
    assert.match(queue.reason ?? "", /own.*then resume/);
    assert.ok(endpoint.calls.length <= 1_050, String(endpoint.calls.length));
  });

  it("is not so since such events waited in it for long, and come all at once", async (t) => {
    const { bench, endpoint, target } = await open(t, {});
    for (let i = 0; i < 11; i++) {
      await bench.publish(
        ...many(100).map((event) => ({ ...event, aggregateType: "target", aggregateId: `${i}/${event.aggregateId}` })),
      );
    }
    // Events do not change, but for tests that cannot wait.
    await bench.sql("alter table interpose.events disable trigger user");
    await bench.sql("update interpose.events set created_at = created_at - interval '2 minutes'");
    await bench.worker();
    await eventually("all are told", () => endpoint.calls.length === 1_100, 30_000);
    assert.equal((await queueOf(bench, target))?.pausedBy, null);
  });
});

describe("a queue whose target fails", () => {
  it("is left alone after ten failures in a row, then tried with one, and goes on with a success", async (t) => {
    const { bench, endpoint, target } = await open(
      t,
      { status: 500 },
      { maxConcurrency: 1, retryDelaysMs: [200, 200, 200] },
    );
    await bench.worker();
    await bench.publish(...many(30));
    await eventually("the breaker", async () => (await queueOf(bench, target))?.isOpen);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(endpoint.calls.length, 10);
    assert.deepEqual(bench.logged.filter(({ event }) => event === "queue.broken").length, 1);
    // Half a minute is too long for a test: its time has come, as far as the row says.
    const probe = (): Promise<void> =>
      bench.sql(
        `with due as (update interpose.queues set breaker_probe_at = clock_timestamp() where target_id = $1 returning target_id)
         select pg_notify('interpose_deliveries', target_id) from due`,
        target,
      );
    await probe();
    await eventually("the probe", async () => (await queueOf(bench, target))?.openings === 2);
    assert.equal(endpoint.calls.length, 11);
    endpoint.reply({});
    await probe();
    await bench.states(...many(30).map(() => "succeeded"));
    const queue = await queueOf(bench, target);
    assert.deepEqual([queue?.isOpen, queue?.openings], [false, 0]);
  });

  it("keeps nobody waiting for first attempts while it is left alone", async (t) => {
    const bench = await openDeliveryBench(t);
    const failing = await startTarget(t, { status: 500 });
    const other = await startTarget(t);
    const first = await bench.target(failing.url, {}, { maxConcurrency: 1, retryDelaysMs: [3_600_000] });
    await bench.execute("a.b", [first, await bench.target(other.url)]);
    await bench.worker();
    await bench.publish(...many(30));
    await eventually("all of the other", () => other.calls.length === 30);
    assert.equal(failing.calls.length, 10);
  });
});

describe("a queue whose target asks for time", () => {
  for (const status of [429, 503]) {
    it(`waits as long as a ${status} asks for, and begins with one at a time`, async (t) => {
      const { bench, endpoint, target } = await open(
        t,
        { status, headers: { "retry-after": "1" } },
        { maxConcurrency: 4, retryDelaysMs: [10, 10, 10, 10] },
      );
      await bench.worker();
      await bench.publish(...many(12));
      await eventually("the slowing", async () => ((await queueOf(bench, target))?.slowedMs ?? 0) > 0);
      const first = endpoint.calls.length;
      assert.ok(first <= 4, String(first));
      let underWay = 0;
      const most: number[] = [];
      endpoint.reply(async () => {
        most.push(++underWay);
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay--;
        return {};
      });
      await bench.states(...many(12).map(() => "succeeded"));
      assert.equal(most[0], 1);
      assert.ok(
        most.every((n, i) => n <= 2 ** i),
        most.join(),
      );
    });
  }
});

describe("the limits of a target", () => {
  it("hold on its attempts at once", async (t) => {
    const { bench, endpoint } = await open(t, {}, { maxConcurrency: 3 });
    const most = countAtOnce(endpoint, 5);
    await bench.worker();
    await bench.publish(...many(50));
    await bench.states(...many(50).map(() => "succeeded"));
    assert.equal(most(), 3);
  });

  it("hold on its attempts within a second", async (t) => {
    const { bench, endpoint } = await open(t, {}, { maxPerSecond: 10 });
    const times: number[] = [];
    endpoint.reply(() => (times.push(performance.now()), {}));
    await bench.worker();
    await bench.publish(...many(35));
    await bench.states(...many(35).map(() => "succeeded"));
    // Ten each second, so that the last five cannot come before three seconds are over.
    const [begin = 0, end = 0] = [times[0], times.at(-1)];
    assert.ok(end - begin > 2_500, `${end - begin} ms`);
    assert.equal(endpoint.calls.length, 35);
  });
});

describe("the deliveries of a target that is deleted", () => {
  it("are cancelled, what waited for them goes on or ends, and the queue goes", async (t) => {
    const bench = await openDeliveryBench(t);
    const endpoint = await startTarget(t, { status: 500 });
    const gone = await bench.target(endpoint.url, {}, { retryDelaysMs: [3_600_000] });
    const strict = await bench.target(endpoint.url, { interruptOnError: true }, { retryDelaysMs: [3_600_000] });
    const last = await bench.target(endpoint.url);
    await bench.execute("a.b", [gone, last]);
    await bench.execute("a.c", [strict, last]);
    await bench.publish({ payload: { n: 1 } }, { type: "a.c", aggregateId: "2" });
    for (const id of ["event/a.b", "event/a.c"]) await deleteExecution(bench.context, condition(id));
    for (const id of [gone, strict]) await deleteTarget(bench.context, id);
    endpoint.reply({});
    await bench.worker();
    const rows = await bench.states("cancelled", "succeeded", "cancelled", "skipped");
    assert.deepEqual(
      rows.map(({ reason }) => reason),
      ["target_deleted", null, "target_deleted", "interrupted"],
    );
    await eventually(
      "the end of the queues",
      async () => !(await queueOf(bench, gone)) && !(await queueOf(bench, strict)),
    );
    assert.ok(await queueOf(bench, last));
  });

  it("that are being attempted come to their end", async (t) => {
    const { bench, endpoint, target } = await open(t, {});
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    endpoint.reply(async () => (await released, {}));
    await bench.worker();
    await bench.publish({});
    await eventually("the attempt", () => endpoint.calls.length === 1);
    await deleteExecution(bench.context, condition("event/a.b"));
    await deleteTarget(bench.context, target);
    await new Promise((resolve) => setTimeout(resolve, 500));
    release();
    await bench.states("succeeded");
    await eventually("the end of the queue", async () => !(await queueOf(bench, target)));
    await assert.rejects(updateTarget(bench.context, target, { name: "gone" }), /no target/);
  });
});
