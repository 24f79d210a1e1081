import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createDatabase, type Database } from "../src/store/database.ts";
import { createTarget } from "./harness/api.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import {
  appendForTest,
  instanceOf,
  planOf,
  setDelivery,
  standOf,
  targetOfNobody,
} from "./harness/recorded-deliveries.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { assertInvalid, assertRefused } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

describe("the queue of a target", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let instanceId: string;
  before(async () => {
    const databaseUrl = await newDatabaseUrl(suite);
    server = await startServer(suite, { databaseUrl });
    database = createDatabase({ url: databaseUrl });
    cleanUp(suite, () => database.close());
    instanceId = await instanceOf(database);
  });

  const newTarget = (): Promise<string> => targetOfNobody(database, instanceId);
  const queueOf = async (id: string): Promise<any> => {
    const answer = await server.request("GET", `/v1/targets/${id}/queue`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.queue;
  };
  const order = (id: string, verb: "pause" | "resume", reason?: string): Promise<JsonAnswer> =>
    server.request("POST", `/v1/targets/${id}:${verb}`, { reason });
  const setQueue = (id: string, assignments: string): Promise<unknown> =>
    database.query({ text: `update interpose.queues set ${assignments} where target_id = $1`, values: [id] });
  const eventsOf = async (id: string): Promise<readonly unknown[]> => {
    const rows = await database.query<{ type: string; payload: unknown }>({
      text: "select type, payload from interpose.events where aggregate_id = $1 and type <> 'target.added' order by position",
      values: [id],
    });
    return rows.map(({ type, payload }) => [type, payload]);
  };

  it("is active at first, with nothing in it", async () => {
    const id = await newTarget();
    const none = {};
    assert.deepEqual(await queueOf(id), {
      targetId: id,
      state: "QUEUE_STATE_ACTIVE",
      waiting: none,
      blocked: none,
      queued: none,
      dead: none,
    });
  });

  it("counts what is in it", async () => {
    const id = await newTarget();
    await order(id, "pause");
    const states = ["waiting", "waiting", "waiting", "blocked", "queued", "queued", "dead", "succeeded"];
    const ids: string[] = [];
    for (const state of states) {
      const [made = ""] = await appendForTest(database, instanceId, planOf([{ targetId: id }]));
      await setDelivery(database, made, `state = '${state}'`);
      ids.push(made);
    }
    await setDelivery(database, ids[1] ?? "", "claimed_by = 'w', claimed_at = now()");
    const { waiting, blocked, queued, dead, runningCount, oldestWaitingTime } = await queueOf(id);
    const counts = [waiting, blocked, queued, dead].map(({ count }) => count);
    assert.deepEqual([...counts, runningCount], [3, 1, 2, 1, 1]);
    const [[created]] = (await standOf(database, ids.slice(0, 1), "created_at, id")) as [[Date]];
    assert.equal(Date.parse(oldestWaitingTime), created.getTime());
  });

  it("is paused and resumed, each with an event and a notification, and again changes nothing", async () => {
    const id = await newTarget();
    const told: string[] = [];
    const listening = await database.listen(
      "interpose_deliveries",
      (payload) => void told.push(payload),
      () => undefined,
    );
    const paused = (await order(id, "pause", "maintenance")).body.queue;
    assert.deepEqual(
      [paused.state, paused.pausedBy, paused.reason],
      ["QUEUE_STATE_PAUSED", "PAUSED_BY_OPERATOR", "maintenance"],
    );
    assert.deepEqual((await order(id, "pause", "maintenance")).body.queue, paused);
    const renamed = (await order(id, "pause", "longer")).body.queue;
    assert.deepEqual([renamed.reason, renamed.since], ["longer", paused.since]);
    assert.equal((await order(id, "resume", "done")).body.queue.state, "QUEUE_STATE_ACTIVE");
    assert.equal((await order(id, "resume", "done")).body.queue.state, "QUEUE_STATE_ACTIVE");
    assert.deepEqual(await eventsOf(id), [
      ["target.paused", { reason: "maintenance" }],
      ["target.paused", { reason: "longer" }],
      ["target.resumed", { reason: "done" }],
    ]);
    await eventually("the notifications", () => told.filter((payload) => payload === id).length === 3);
    await listening.stop();
  });

  const held: readonly { name: string; assignments: string; shown: Record<string, unknown> }[] = [
    {
      name: "its breaker",
      assignments: "breaker_opened_at = '2026-01-01Z', breaker_probe_at = '2026-01-02Z', breaker_openings = 3",
      shown: { state: "QUEUE_STATE_BROKEN", since: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z" },
    },
    {
      name: "its target's wish for time",
      assignments: "slowed_until = '2100-01-01Z'",
      shown: { state: "QUEUE_STATE_SLOWED", until: "2100-01-01T00:00:00Z" },
    },
    {
      name: "its target's answer that it is gone",
      assignments: "paused_at = '2026-01-01Z', paused_by = 'target', slowed_until = '2100-01-01Z'",
      shown: { state: "QUEUE_STATE_PAUSED", since: "2026-01-01T00:00:00Z", pausedBy: "PAUSED_BY_TARGET" },
    },
  ];
  for (const { name, assignments, shown } of held) {
    it(`shows that it is held by ${name}, until it is resumed`, async () => {
      const id = await newTarget();
      await setQueue(id, assignments);
      const { state, since, until, pausedBy } = await queueOf(id);
      const known = { state, since, until, pausedBy };
      assert.deepEqual(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)), shown);
      assert.equal((await order(id, "resume")).body.queue.state, "QUEUE_STATE_ACTIVE");
      const [row] = await database.query<Record<string, unknown>>({
        text: "select paused_at, slowed_until, breaker_opened_at, breaker_probe_at, breaker_openings from interpose.queues where target_id = $1",
        values: [id],
      });
      assert.deepEqual(Object.values(row ?? {}), [null, null, null, null, 0]);
    });
  }

  it("is no longer slowed when the time is over", async () => {
    const id = await newTarget();
    await setQueue(id, "slowed_until = '2020-01-01Z'");
    assert.equal((await queueOf(id)).state, "QUEUE_STATE_ACTIVE");
    assert.deepEqual(await eventsOf(id), []);
  });

  it("refuses targets that there are none of, and long reasons", async () => {
    const says = /There is no target "404"/;
    const expected = { status: 404, code: 5, reason: "TARGET_NOT_FOUND", says };
    assertRefused(await order("404", "pause"), expected);
    assertRefused(await order("404", "resume"), expected);
    assertRefused(await server.request("GET", "/v1/targets/404/queue"), { ...expected, id: "QUERY-hj5oaniyrz" });
    assertInvalid(await order(await newTarget(), "pause", "x".repeat(501)), [["reason"]]);
  });

  it("outlives its target, whose deliveries are still listed", async () => {
    const id = await newTarget();
    const [delivery] = await appendForTest(database, instanceId, planOf([{ targetId: id }]));
    assert.equal((await server.request("DELETE", `/v3alpha/targets/${id}`)).status, 200);
    const { body } = await server.request("GET", `/v1/deliveries?targetId=${id}`);
    assert.deepEqual(
      body.deliveries.map((each: { id: string; targetName?: string }) => [each.id, each.targetName]),
      [[delivery, undefined]],
    );
  });
});

describe("delivery settings of a target", () => {
  const suite = forSuite();
  let server: TestServer;
  let id: string;
  before(async () => {
    server = await startServer(suite);
    id = await createTarget(server, { endpoint: "https://example.com/", payloadType: "json" });
  });

  const DEFAULTS = {
    retry: { delays: ["5s", "30s", "120s", "600s", "1800s", "3600s", "7200s", "14400s", "28800s", "28800s"] },
    maxConcurrency: 20,
    maxPerSecond: 0,
  };
  const update = (delivery: unknown, mask = ""): Promise<JsonAnswer> =>
    server.request("PATCH", `/v1/targets/${id}/settings${mask === "" ? "" : `?updateMask=${mask}`}`, { delivery });
  const set = async (delivery: unknown, mask = ""): Promise<unknown> => {
    const answer = await update(delivery, mask);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual((await server.request("GET", `/v1/targets/${id}/settings`)).body, answer.body);
    return answer.body.settings.delivery;
  };
  const sequence = async (): Promise<number> =>
    Number((await server.request("GET", `/v3alpha/targets/${id}`)).body.target.details.sequence);

  it("have their defaults at first", async () => {
    const { body } = await server.request("GET", `/v1/targets/${id}/settings`);
    assert.deepEqual(body, {
      settings: { dialect: "DIALECT_V3ALPHA", replyMode: "REPLY_MODE_DIALECT", delivery: DEFAULTS },
    });
  });

  it("change as they are given, and have their defaults again when they are named alone", async () => {
    const before = await sequence();
    assert.deepEqual(await set({ maxConcurrency: 3 }), { ...DEFAULTS, maxConcurrency: 3 });
    assert.deepEqual(await set({ retry: { delays: ["1.5s", "60s"] } }), {
      ...DEFAULTS,
      maxConcurrency: 3,
      retry: { delays: ["1.500s", "60s"] },
    });
    assert.deepEqual(await set({ retry: {} }), { ...DEFAULTS, maxConcurrency: 3, retry: {} }, "one attempt");
    assert.equal(await sequence(), before + 3);
    await set({ retry: {} });
    assert.equal(await sequence(), before + 3, "the same again adds no event");
    assert.deepEqual(await set({ maxPerSecond: 7 }, "delivery.retry,delivery.maxPerSecond"), {
      ...DEFAULTS,
      maxConcurrency: 3,
      maxPerSecond: 7,
    });
    assert.deepEqual(await set({}, "delivery"), DEFAULTS);
    await set({ maxConcurrency: 3 });
    assert.deepEqual(await set({}, "*"), DEFAULTS);
  });

  const faults: readonly { name: string; delivery: unknown; field: string; says: RegExp }[] = [
    { name: "no concurrency", delivery: { maxConcurrency: 0 }, field: "max_concurrency", says: /from 1 to 1000/ },
    { name: "a negative rate", delivery: { maxPerSecond: -1 }, field: "max_per_second", says: /from 0 to 100000/ },
    { name: "no delay", delivery: { retry: { delays: ["0s"] } }, field: "retry", says: /longer than nothing/ },
    { name: "a delay of a month", delivery: { retry: { delays: ["2592000s"] } }, field: "retry", says: /604800 s/ },
  ];
  for (const { name, delivery, field, says } of faults) {
    it(`refuse ${name}`, async () => {
      assertRefused(await update(delivery), { status: 400, code: 3, reason: "TARGET_INVALID", says });
      const message = (await update(delivery)).body.message as string;
      assert.ok(message.startsWith(`settings.delivery.${field} `), message);
    });
  }

  it("refuse too many delays, and what is no setting", async () => {
    assertInvalid(await update({ retry: { delays: Array(51).fill("1s") } }), [["settings.delivery.retry.delays"]]);
    const says = /there is no setting "delivery\.nothing"/;
    assertRefused(await update({}, "delivery.nothing"), { status: 400, code: 3, reason: "BAD_REQUEST", says });
  });
});
