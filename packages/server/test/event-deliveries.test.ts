// What the tables hold of deliveries once an event is appended.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, it } from "node:test";
import { createRunChains } from "../src/hosts/run-chain.ts";
import type { Database } from "../src/store/database.ts";
import { ensureRunKey } from "../src/store/sql/ensure-run-key.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { deliveriesOf, publish, storeOf } from "./harness/events.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";

describe("an event's deliveries", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  before(async () => {
    server = await startServer(suite);
    database = await storeOf(suite, server);
  });

  const newTarget = (): Promise<string> => createTarget(server, { endpoint: "https://example.com/" });
  async function setFor(t: Cleanup, condition: object, targets: readonly string[]): Promise<void> {
    await setExecution(server, condition, targets);
    cleanUp(t, () => server.request("DELETE", "/v3alpha/executions", { condition }));
  }
  /** Deliveries of the latest event of a type: its execution and targets. */
  async function latest(type: string): Promise<readonly (readonly [string, string])[]> {
    const { body } = await server.request("GET", `/v1/events?type=${type}&pageSize=1`);
    const rows = await deliveriesOf(database, body.events[0].id as string);
    return rows.map(({ executionId, targetId }) => [executionId, targetId]);
  }

  it("are those of the most specific execution alone, in its order", async (t) => {
    const [a, b, c] = [await newTarget(), await newTarget(), await newTarget()];
    await setFor(t, { event: { all: true } }, [a]);
    await setFor(t, { event: { group: "user" } }, [b, a]);
    await setFor(t, { event: { group: "user.human" } }, [c, b]);
    await setFor(t, { event: { event: "user.human.added" } }, [a, c]);
    const targetsOf = async (type: string): Promise<readonly string[]> =>
      (await deliveriesOf(database, (await publish(server, { type, aggregateId: "1" })).id)).map((row) => row.targetId);
    assert.deepEqual(await targetsOf("user.human.added"), [a, c]);
    assert.deepEqual(await targetsOf("user.human.changed"), [c, b]);
    assert.deepEqual(await targetsOf("user.machine.added"), [b, a]);
    assert.deepEqual(await targetsOf("username.changed"), [a]);
  });

  const conditions = [
    { name: "their type", condition: { event: { event: "target.added" } }, id: "event/target.added" },
    { name: "their group", condition: { event: { group: "target" } }, id: "event/target.*" },
    { name: "all events", condition: { event: { all: true } }, id: "event" },
  ];
  for (const { name, condition, id } of conditions) {
    it(`come of Interpose's own events too, by an execution on ${name}`, async (t) => {
      const watcher = await newTarget();
      await setFor(t, condition, [watcher]);
      await newTarget();
      assert.deepEqual(await latest("target.added"), [[id, watcher]]);
    });
  }

  it("of management events come of each kind of command, and go by what was in force when it began", async (t) => {
    const watcher = await newTarget();
    await setExecution(server, { event: { group: "execution" } }, [watcher]);
    assert.deepEqual(await latest("execution.set"), [], "not of the one that sets it");
    const other = { event: { event: "any.other" } };
    await setFor(t, other, [watcher]);
    assert.deepEqual(await latest("execution.set"), [["event/execution.*", watcher]]);
    await server.request("DELETE", "/v3alpha/executions", { condition: other });
    assert.deepEqual(await latest("execution.removed"), [["event/execution.*", watcher]]);
    await server.request("DELETE", "/v3alpha/executions", { condition: { event: { group: "execution" } } });
    assert.deepEqual(await latest("execution.removed"), [["event/execution.*", watcher]], "of the one that removes it");
    await setFor(t, { event: { all: true } }, [watcher]);
    const { body: token } = await server.request("POST", "/v1/tokens", { name: "told", role: "ROLE_NONE" });
    await server.request("POST", `/v1/tokens/${token.id}:revoke`, {});
    await server.request("POST", "/v1/eventTypes", { type: "told.declared" });
    await server.request("DELETE", "/v1/eventTypes/told.declared");
    for (const type of ["token.added", "token.revoked", "event_type.declared", "event_type.removed"])
      assert.deepEqual(await latest(type), [["event", watcher]], type);
  });

  it("are dead letters where too many runs led to the event, by a header that is signed", async (t) => {
    const watcher = await newTarget();
    await setFor(t, { event: { event: "deep.dived" } }, [watcher]);
    const { body } = await server.request("GET", "/v1/events?pageSize=1");
    const [instance] = await database.query<{ id: string }>({ text: "select id from interpose.instances", values: [] });
    assert.ok(instance && body.events.length === 1);
    const chains = createRunChains(await ensureRunKey(database, instance.id, randomBytes(32)), Date.now);
    const links = [{ runId: "1", executionId: "event/deep.dived" }];
    for (const [depth, state, reason] of [
      [4, "waiting", null],
      [5, "dead", "run_too_deep"],
      [9, "dead", "run_too_deep"],
    ] as const) {
      const headers = { "interpose-run": chains.sign({ depth, links }) };
      const { id } = await publish(server, { type: "deep.dived", aggregateId: "1" }, { headers });
      assert.deepEqual(
        (await deliveriesOf(database, id)).map((row) => [row.state, row.reason]),
        [[state, reason]],
      );
      assert.equal((await server.request("GET", `/v1/events/${id}`)).body.event.depth, depth);
    }
    const forged = { "interpose-run": `9.9999999999.${"A".repeat(43)}.` };
    const { id } = await publish(server, { type: "deep.dived", aggregateId: "1" }, { headers: forged });
    assert.equal((await deliveriesOf(database, id))[0]?.state, "waiting");
  });
});

describe(
  "an event that is published on another server",
  { skip: BY_URL ? false : "an embedded store is one server's" },
  () => {
    const suite = forSuite();
    let a: TestServer;
    let b: TestServer;
    let database: Database;
    before(async () => {
      const databaseUrl = await newDatabaseUrl(suite);
      a = await startServer(suite, { databaseUrl });
      b = await startServer(suite, { databaseUrl });
      database = await storeOf(suite, a);
    });

    it("meets the executions that were set before, 200 times", async () => {
      const targets = [
        await createTarget(a, { endpoint: "https://example.com/1" }),
        await createTarget(a, { endpoint: "https://example.com/2" }),
      ] as const;
      for (let i = 0; i < 200; i++) {
        const list = i % 3 === 2 ? [targets[1], targets[0]] : [targets[i % 2] ?? targets[0]];
        await setExecution(a, { event: { event: "set.then_published" } }, list);
        const { id } = await publish(b, { type: "set.then_published", aggregateId: "1" });
        const rows = await deliveriesOf(database, id);
        assert.deepEqual(
          rows.map(({ targetId }) => targetId),
          list,
          `round ${i}`,
        );
      }
    });

    it("is published once, whichever servers it is given to at once", async () => {
      for (let i = 0; i < 20; i++) {
        const event = { type: "both.told", aggregateId: "1", idempotencyKey: `both ${i}` };
        const [one, two] = await Promise.all([publish(a, event), publish(b, event)]);
        assert.equal(one.id, two.id);
        assert.equal([one, two].filter(({ repeated }) => repeated).length, 1);
      }
    });
  },
);
