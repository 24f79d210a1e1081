import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import pg from "pg";
import { createInterpose, type Interpose, type NewEvent } from "../src/index.ts";
import type { Database } from "../src/store/database.ts";
import { createDatabase } from "../src/store/database.ts";
import { migrate } from "../src/store/migrations.ts";
import { newId } from "../src/ids.ts";
import { lockInstance } from "../src/store/sql/lock-instance.ts";
import { ensureInstance } from "../src/store/sql/ensure-instance.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { deliveriesOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { ADMIN_TOKEN, requestJson, type TestServer } from "./harness/server.ts";

describe("publish() within a transaction of one's own", () => {
  const suite = forSuite();
  let url: string;
  let interpose: Interpose;
  let management: Pick<TestServer, "request">;
  let database: Database;
  let target: string;
  before(async () => {
    url = await newDatabaseUrl(suite);
    interpose = await createInterpose({ databaseUrl: url, adminToken: ADMIN_TOKEN, log: { level: "silent" } });
    cleanUp(suite, () => interpose.close());
    const api = await interpose.listen({ port: 0 });
    management = { request: (verb, path, body, options) => requestJson(api, verb, path, body, options) };
    database = createDatabase({ url }, { maxConnections: 3 });
    cleanUp(suite, () => database.close());
    await database.query({ text: "create table orders (id text primary key)", values: [] });
    target = await createTarget(management, { endpoint: "https://example.com/" });
    await setExecution(management, { event: { group: "order" } }, [target]);
  });

  async function connected(t: Cleanup, to = url): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: to });
    await client.connect();
    cleanUp(t, () => client.end());
    return client;
  }

  let orders = 0;
  const placed = (given: Partial<NewEvent> = {}): NewEvent => ({
    type: "order.placed",
    aggregateId: String(++orders),
    ...given,
  });
  async function stored(aggregateId: string): Promise<number> {
    const { body } = await management.request("GET", `/v1/events?aggregateType=order&aggregateId=${aggregateId}`);
    return (body.events ?? []).length;
  }

  it("stores the event with what the transaction wrote, when it commits", async (t) => {
    const client = await connected(t);
    const at = new Date("2026-01-02T03:04:05Z");
    const event = placed({ payload: { at, nothing: undefined }, userId: "ada" });
    await client.query("begin");
    await client.query("insert into orders values ($1)", [event.aggregateId]);
    const { id, sequence, createTime, repeated } = await interpose.publish(client, event);
    assert.deepEqual([sequence, repeated], [1n, false]);
    assert.ok(createTime instanceof Date);
    assert.equal(await stored(event.aggregateId), 0, "nobody sees it before");
    await client.query("commit");
    const { body } = await management.request("GET", `/v1/events/${id}`);
    assert.deepEqual([body.event.payload, body.event.userId], [{ at: at.toJSON() }, "ada"]);
    assert.deepEqual(
      (await deliveriesOf(database, id)).map(({ targetId, state }) => [targetId, state]),
      [[target, "waiting"]],
    );
  });

  it("leaves no trace of it when the transaction is rolled back", async (t) => {
    const client = await connected(t);
    const event = placed({ idempotencyKey: "rolled back" });
    await client.query("begin");
    const { id } = await interpose.publish(client, event);
    await client.query("rollback");
    assert.equal(await stored(event.aggregateId), 0);
    assert.deepEqual(await deliveriesOf(database, id), []);
    await client.query("begin");
    const again = await interpose.publish(client, event);
    await client.query("commit");
    assert.deepEqual([again.sequence, again.repeated], [1n, false], "without a gap, and the key is free");
  });

  it("publishes lists, in order", async (t) => {
    const client = await connected(t);
    const event = placed({ idempotencyKey: "first of a list" });
    await client.query("begin");
    const places = await interpose.publish(client, [
      event,
      { ...event, type: "order.paid", idempotencyKey: "" },
      event,
    ]);
    assert.deepEqual(await interpose.publish(client, []), []);
    await client.query("commit");
    assert.deepEqual(
      places.map(({ sequence, repeated }) => [sequence, repeated]),
      [
        [1n, false],
        [2n, false],
        [1n, true],
      ],
    );
  });

  it("takes a transaction whose driver answers rows alone, with numbers and times as texts", async (t) => {
    const client = await connected(t);
    const typeParser = (oid: number): ((text: string) => unknown) =>
      oid === (pg.types.builtins.BOOL as number) ? (text) => text === "t" : String;
    const tx = {
      query: async (text: string, values: unknown[]): Promise<readonly object[]> => {
        const { rows } = await client.query({ text, values, types: { getTypeParser: typeParser } });
        return rows as object[];
      },
    };
    await client.query("begin");
    const { id, sequence, createTime } = await interpose.publish(tx, placed());
    await client.query("commit");
    const { body } = await management.request("GET", `/v1/events/${id}`);
    assert.deepEqual([sequence, createTime.toJSON()], [1n, new Date(body.event.createTime as string).toJSON()]);
  });

  it("delivers by executions that were set while the transaction was open", async (t) => {
    const client = await connected(t);
    await client.query("begin");
    await client.query("select 1");
    await setExecution(management, { event: { event: "order.shipped" } }, [target]);
    const { id } = await interpose.publish(client, placed({ type: "order.shipped" }));
    await client.query("commit");
    assert.equal((await deliveriesOf(database, id))[0]?.executionId, "event/order.shipped");
  });

  for (const level of ["repeatable read", "serializable"]) {
    it(`works in ${level}, also where executions have changed since the transaction's begin`, async (t) => {
      const client = await connected(t);
      await client.query(`begin isolation level ${level}`);
      await client.query("select 1");
      await setExecution(management, { event: { event: `order.${level}` } }, [target]);
      const { id } = await interpose.publish(client, placed());
      await client.query("commit");
      assert.equal((await deliveriesOf(database, id))[0]?.executionId, "event/order.*");
    });
  }

  it("keeps no management call waiting while the transaction is open, nor waits for one", async (t) => {
    const client = await connected(t);
    const event = placed();
    await client.query("begin");
    await interpose.publish(client, event);
    await setExecution(management, { event: { event: "order.open" } }, [target]);
    await database.transaction(async (tx) => {
      await lockInstance(tx, interpose.host.instanceId);
      await interpose.publish(client, event);
    });
    await client.query("commit");
    assert.equal(await stored(event.aggregateId), 2);
  });

  it("is refused where another transaction published the key meanwhile, and answered its place when begun anew", async (t) => {
    const [one, two] = [await connected(t), await connected(t)];
    const event = placed({ idempotencyKey: "contended" });
    await one.query("begin");
    await two.query("begin");
    const first = await interpose.publish(one, event);
    const second = interpose.publish(two, { ...event, aggregateId: event.aggregateId });
    const outcome = second.then(
      () => "published",
      (error: unknown) => error,
    );
    await eventually("the second waits", async () => {
      const rows = await database.query<{ n: number }>({
        text: "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        values: [],
      });
      return rows[0]?.n === 1;
    });
    await one.query("commit");
    const error: any = await outcome;
    // Which of the two it meets first depends on whether the aggregate was there: its lock makes it wait, and see the event behind it.
    assert.equal(error.reason, "event_key_raced", String(error));
    assert.match(error.message, /Roll it back and begin it anew/);
    await two.query("rollback");
    await two.query("begin");
    const again = await interpose.publish(two, event);
    await two.query("commit");
    assert.deepEqual([again.id, again.repeated], [first.id, true]);
  });

  it("refuses what cannot be, and leaves the transaction usable", async (t) => {
    const client = await connected(t);
    const circle: Record<string, unknown> = {};
    circle.itself = circle;
    await client.query("begin");
    const cases: readonly (readonly [Partial<NewEvent>, RegExp])[] = [
      [{ type: "token.added" }, /^event\.type is a type of Interpose's own/],
      [{ aggregateId: "" }, /^event\.aggregate_id is empty/],
      [{ type: undefined as never }, /^event\.type is missing\. An event needs type and aggregateId/],
      [{ aggregateId: 7 as never }, /^event\.aggregateId must be a text/],
      [{ payload: circle }, /^event\.payload cannot be written as JSON/],
      [{ payload: [] as never }, /^event\.payload must be a JSON object/],
      [{ payload: { a: 1n } }, /^event\.payload cannot be written as JSON/],
      [{ payload: { a: "\0" } }, /^event\.payload\.a has the character U\+0000/],
    ];
    for (const [given, message] of cases)
      await assert.rejects(interpose.publish(client, placed(given)), { reason: "event_invalid", message });
    await assert.rejects(interpose.publish(client, [placed(), null as never]), {
      message: /^events\[1\] must be an object/,
    });
    for (const tx of [undefined, {}])
      await assert.rejects(interpose.publish(tx as never, placed()), { message: /^The transaction has no query/ });
    const kept = placed();
    await interpose.publish(client, kept);
    await client.query("commit");
    assert.equal(await stored(kept.aggregateId), 1);
  });

  it("refuses a transaction of another database", async (t) => {
    const elsewhere = await newDatabaseUrl(t);
    const client = await connected(t, elsewhere);
    const publishing = () => interpose.publish(client, placed());
    await assert.rejects(publishing, { reason: "bad_request", message: /a database that is not Interpose's/ });
    const other = createDatabase({ url: elsewhere }, { maxConnections: 1 });
    cleanUp(t, () => other.close());
    await migrate(other);
    await other.transaction((tx) => ensureInstance(tx, newId()));
    await assert.rejects(publishing, { reason: "bad_request", message: /a database that is another Interpose's/ });
  });

  it("counts what led to it, by the header of the call that it is published in", async (t) => {
    const client = await connected(t);
    await client.query("begin");
    const forged = await interpose.publish(client, placed(), { runHeader: "5.9999999999.forged." });
    await client.query("commit");
    const { body } = await management.request("GET", `/v1/events/${forged.id}`);
    assert.equal(body.event.depth, undefined, "what is forged counts for nothing");
  });
});
