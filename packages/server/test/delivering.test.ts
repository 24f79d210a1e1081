// Orders about deliveries and targets, with a server that delivers beside them.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createTargetInTurn as createTarget, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { publish } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { startTarget, type TargetReply, type TestTarget } from "./harness/target.ts";

/** One target of a plan, as tests describe it: whether it interrupts, and after which times it is tried again. */
interface Described {
  readonly interrupts?: boolean;
  readonly delays?: readonly string[];
}

/** A target that is told, and its endpoint. */
interface Told {
  readonly id: string;
  readonly endpoint: TestTarget;
}

describe("a server that delivers", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite);
  });

  async function ask(verb: string, path: string, body?: object): Promise<any> {
    const answer = await server.request(verb, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  const order = (path: string, body: object = {}): Promise<any> => ask("POST", path, body);
  let types = 0;
  /** An execution on events of a type of its own, with new targets. Answers the type and the targets. */
  async function openPlan(
    t: Cleanup,
    described: readonly Described[],
    fifoBy?: string,
  ): Promise<{ readonly type: string; readonly targets: readonly Told[] }> {
    const targets: Told[] = [];
    for (const { interrupts = true, delays } of described) {
      const endpoint = await startTarget(t);
      const id = await createTarget(server, { endpoint: endpoint.url, interruptOnError: interrupts });
      if (delays) await ask("PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays } } });
      targets.push({ id, endpoint });
    }
    const type = `delivering.n${++types}`;
    const condition = { event: { event: type } };
    await setExecution(
      server,
      condition,
      targets.map(({ id }) => id),
    );
    if (fifoBy !== undefined) await ask("PATCH", `/v1/executionOptions/event/${type}`, { fifoBy });
    return { type, targets };
  }
  /** The deliveries of an event, in their order. */
  async function deliveriesOf(event: string): Promise<readonly any[]> {
    const { deliveries = [] } = await ask("GET", `/v1/deliveries?eventPosition=${event}`);
    return (deliveries as any[]).reverse();
  }
  /** Waits until the deliveries of an event stand so, and answers them. */
  async function states(event: string, ...expected: readonly string[]): Promise<readonly any[]> {
    let rows: readonly any[] = [];
    const shown = (): readonly string[] => rows.map(({ state }) => String(state).replace("DELIVERY_STATE_", ""));
    await eventually(`the states ${expected.join()}`, async () => {
      rows = await deliveriesOf(event);
      return shown().join() === expected.join();
    }).catch((error: unknown) => {
      throw new Error(`the states are ${shown().join()}`, { cause: error });
    });
    return rows;
  }
  const send = async (type: string, payload: object = {}): Promise<string> =>
    (await publish(server, { type, aggregateId: "1", payload })).id;
  const headersOf = ({ calls }: TestTarget, name: string): readonly unknown[] =>
    calls.map(({ headers }) => headers[name]);

  it("makes as many attempts at once as a target takes, none of which waits for another's connection", async (t) => {
    const { type, targets } = await openPlan(t, [{}]);
    const [target] = targets;
    assert.ok(target);
    const AT_ONCE = 150;
    await ask("PATCH", `/v1/targets/${target.id}/settings`, { delivery: { maxConcurrency: AT_ONCE } });
    let underWay = 0;
    const all = Promise.withResolvers<undefined>();
    target.endpoint.reply(async () => {
      if (++underWay === AT_ONCE) all.resolve(undefined);
      await all.promise;
      return {};
    });
    const events = Array.from({ length: AT_ONCE }, (_, n) => ({ type, aggregateId: String(n) }));
    await order("/v1/events:publishBatch", { events });
    await eventually("all of them are under way", () => underWay === AT_ONCE);
    await eventually("all of them have arrived", async () => {
      const { deliveries } = await ask("GET", `/v1/deliveries?targetId=${target.id}&pageSize=200`);
      return deliveries.every(
        ({ state, attemptCount }: any) => state === "DELIVERY_STATE_SUCCEEDED" && attemptCount === 1,
      );
    });
  });

  it("sends a dead letter again that is redelivered, and goes on with what was skipped for its sake", async (t) => {
    const { type, targets } = await openPlan(t, [{ delays: [] }, { interrupts: false }, {}]);
    const [first, second, third] = targets.map(({ endpoint }) => endpoint);
    first?.reply({ status: 500 });
    const event = await send(type, { n: 1 });
    const [dead] = await states(event, "DEAD", "SKIPPED", "SKIPPED");
    await order(`/v1/deliveries/${dead.id}:redeliver`);
    await eventually("the second attempt", async () => (await deliveriesOf(event))[0].attemptCount === 2);
    await states(event, "DEAD", "SKIPPED", "SKIPPED");
    first?.reply({});
    await order(`/v1/deliveries/${dead.id}:redeliver`);
    await states(event, "SUCCEEDED", "SUCCEEDED", "SUCCEEDED");
    assert.ok(first && second && third);
    assert.deepEqual(headersOf(first, "webhook-id"), [dead.id, dead.id, dead.id]);
    assert.deepEqual(headersOf(first, "interpose-attempt"), ["1", "2", "3"]);
    assert.deepEqual([second.calls.length, third.calls.length], [1, 1]);
  });

  it("sends what is replayed, to each target alone, as deliveries of their own", async (t) => {
    const { type, targets } = await openPlan(t, [{}, {}]);
    const event = await send(type, { n: 2 });
    const old = await states(event, "SUCCEEDED", "SUCCEEDED");
    assert.deepEqual(await order("/v1/deliveries:replay", { filter: { eventPosition: event } }), { replayedCount: 2 });
    const rows = await states(event, ...old.map(() => "SUCCEEDED"), "SUCCEEDED", "SUCCEEDED");
    assert.deepEqual(
      rows.slice(2).map(({ replayOf }) => replayOf),
      old.map(({ id }) => id),
    );
    for (const [i, { endpoint }] of targets.entries()) {
      assert.deepEqual(headersOf(endpoint, "webhook-id"), [rows[i].id, rows[i + 2].id]);
      assert.deepEqual(endpoint.calls[1]?.body, endpoint.calls[0]?.body);
    }
  });

  it("tells a paused target nothing, until it is resumed", async (t) => {
    const held = await openPlan(t, [{}]);
    const other = await openPlan(t, [{}]);
    const [target] = held.targets;
    assert.ok(target);
    await order(`/v1/targets/${target.id}:pause`, { reason: "maintenance" });
    const event = await send(held.type);
    await states(event, "HELD");
    await states(await send(other.type), "SUCCEEDED");
    const { queue } = await ask("GET", `/v1/targets/${target.id}/queue`);
    assert.deepEqual([queue.state, queue.pausedBy], ["QUEUE_STATE_PAUSED", "PAUSED_BY_OPERATOR"]);
    assert.equal(target.endpoint.calls.length, 0);
    await order(`/v1/targets/${target.id}:resume`);
    const [row] = await states(event, "SUCCEEDED");
    assert.deepEqual([row.attemptCount, target.endpoint.calls.length], [1, 1]);
  });

  it("delays nobody for the sake of a paused target that does not interrupt", async (t) => {
    const { type, targets } = await openPlan(t, [{ interrupts: false }, {}]);
    await order(`/v1/targets/${targets[0]?.id}:pause`);
    const event = await send(type);
    await states(event, "HELD", "SUCCEEDED");
    await order(`/v1/targets/${targets[0]?.id}:resume`);
    await states(event, "SUCCEEDED", "SUCCEEDED");
  });

  /** Has a target answer when the test says so. */
  function holdBack(endpoint: TestTarget | undefined): (reply: TargetReply) => void {
    const { promise, resolve } = Promise.withResolvers<TargetReply>();
    endpoint?.reply(() => promise);
    return resolve;
  }
  for (const [interrupts, then] of [
    [true, "SKIPPED"],
    [false, "SUCCEEDED"],
  ] as const) {
    it(`drops what comes of an attempt whose delivery is cancelled meanwhile; those behind it are ${then}`, async (t) => {
      const { type, targets } = await openPlan(t, [{ interrupts }, {}]);
      const answer = holdBack(targets[0]?.endpoint);
      const event = await send(type);
      const [running] = await states(event, "RUNNING", "BLOCKED");
      await order(`/v1/deliveries/${running.id}:cancel`);
      await states(event, "CANCELLED", then);
      answer({});
      const attempts = async (): Promise<readonly any[]> =>
        (await ask("GET", `/v1/deliveries/${running.id}`)).attempts ?? [];
      await eventually("the record of the attempt", async () => (await attempts()).length === 1);
      const [attempt] = await attempts();
      assert.deepEqual([attempt.status, attempt.decision], [200, "ATTEMPT_DECISION_DROPPED"]);
      const [row] = await states(event, "CANCELLED", then);
      assert.deepEqual([row.reason, row.attemptCount], ["by_hand", 1]);
    });
  }

  it("goes on behind one of the same key that is cancelled, but not while that is being attempted", async (t) => {
    const { type, targets } = await openPlan(t, [{}], "aggregate");
    const [target] = targets;
    assert.ok(target);
    const answer = holdBack(target.endpoint);
    const first = await send(type, { n: 1 });
    const [running] = await states(first, "RUNNING");
    const second = await send(type, { n: 2 });
    await states(second, "QUEUED");
    await order(`/v1/deliveries/${running.id}:cancel`);
    await states(first, "CANCELLED");
    assert.equal(target.endpoint.calls.length, 1);
    target.endpoint.reply({});
    answer({});
    await states(second, "SUCCEEDED");
    assert.equal(target.endpoint.calls.length, 2);
  });

  it("cancels what is left for a target that is deleted, and keeps the order of what waited behind it", async (t) => {
    const { type, targets } = await openPlan(t, [{ delays: ["3600s"] }, { interrupts: false }, {}]);
    const [first, second, third] = targets;
    first?.endpoint.reply({ status: 500 });
    const event = await send(type);
    await eventually("the first attempt", async () => (await deliveriesOf(event))[0].attemptCount === 1);
    await ask("DELETE", `/v3alpha/targets/${second?.id}`);
    const [waiting, cancelled] = await states(event, "WAITING", "CANCELLED", "BLOCKED");
    assert.equal(cancelled.reason, "target_deleted");
    first?.endpoint.reply({});
    await order(`/v1/deliveries/${waiting.id}:redeliver`);
    await states(event, "SUCCEEDED", "CANCELLED", "SUCCEEDED");
    assert.deepEqual([second?.endpoint.calls.length, third?.endpoint.calls.length], [0, 1]);
  });

  it("tells those who watch of each step", async (t) => {
    const { type, targets } = await openPlan(t, [{ delays: ["3600s"] }]);
    const [target] = targets;
    const answer = holdBack(target?.endpoint);
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, accept: "application/x-ndjson" };
    const url = `${server.url}/v1/deliveries:watch?targetId=${target?.id}`;
    const { body } = await fetch(url, { headers, signal: abort.signal });
    assert.ok(body);
    const came: string[] = [];
    let begun = false;
    const read = async (): Promise<void> => {
      for await (const line of createInterface({ input: Readable.fromWeb(body as never) })) {
        begun = true;
        const { delivery } = JSON.parse(line) as { delivery?: { state: string; attemptCount?: number } };
        if (delivery) came.push(`${delivery.state.replace("DELIVERY_STATE_", "")} ${delivery.attemptCount ?? 0}`);
      }
    };
    const reading = read().catch(() => undefined);
    cleanUp(t, async () => {
      abort.abort();
      await reading;
    });
    await eventually("the beginning", () => begun);
    const event = await send(type);
    await eventually("that it is being attempted", () => came.includes("RUNNING 0"));
    answer({ status: 500 });
    await eventually("that it failed", () => came.includes("WAITING 1"));
    target?.endpoint.reply({});
    const [row] = await states(event, "WAITING");
    await order(`/v1/deliveries/${row.id}:redeliver`);
    await eventually("that it is over", () => came.at(-1) === "SUCCEEDED 2");
  });
});
