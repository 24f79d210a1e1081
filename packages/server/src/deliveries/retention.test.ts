import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { forSuite } from "../../test/harness/cleanup.ts";
import { appendForTest, planOf, setDelivery } from "../../test/harness/recorded-deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { newInstance } from "../../test/harness/routers.ts";
import type { LogEvents } from "../observe/log.ts";
import type { Database } from "../store/database.ts";
import { tryPruneLock } from "../store/sql/try-prune-lock.ts";
import { createSweep, startRetention, type RetentionSettings } from "./retention.ts";

const KEPT_FOR_EVER: RetentionSettings = { days: 0, deadDays: 0, maxDeliveries: 0 };

describe("retention", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  let logged: { event: string; fields: unknown }[];
  beforeEach(async () => {
    database = await openTestDatabase(suite);
    instanceId = await newInstance(database);
    logged = [];
  });

  const parts = () => ({
    database,
    instanceId,
    pauseMs: 0,
    batch: 3,
    log: <E extends keyof LogEvents>(event: E, fields: LogEvents[E]) => void logged.push({ event, fields }),
  });
  const sweepOf = (settings: Partial<RetentionSettings>) =>
    createSweep(parts(), { ...KEPT_FOR_EVER, ...settings }, new AbortController().signal);

  /** Deliveries of one event each, in these states, which ended and were appended so many days ago; null: not over. */
  async function given(rows: readonly (readonly [state: string, endedDaysAgo: number | null])[]): Promise<string[]> {
    const ids: string[] = [];
    for (const [state, days] of rows) {
      const [id = ""] = await appendForTest(database, instanceId, planOf([{ targetId: "1" }]));
      const ended = days === null ? "null" : `now() - interval '${days} days'`;
      await setDelivery(database, id, `state = '${state}', ended_at = ${ended}`);
      await database.query({
        text: `insert into interpose.attempts (delivery_id, number, began_at, worker, url, decision) values ($1, 1, now(), 'w', '', 'succeeded')`,
        values: [BigInt(id)],
      });
      ids.push(id);
    }
    await ageEvents(100);
    return ids;
  }
  /** Makes the events that there are as old as that. */
  const ageEvents = (days: number): Promise<unknown> =>
    database.transaction(async (tx) => {
      const quietly = (text: string) => tx.query({ text, values: [] });
      await quietly("alter table interpose.events disable trigger events_are_append_only");
      await quietly(`update interpose.events set created_at = now() - interval '${days} days'`);
      await quietly("alter table interpose.events enable trigger events_are_append_only");
    });
  const left = async (): Promise<Record<string, unknown>> => {
    const [row] = await database.query<Record<string, unknown>>({
      text: `select array(select id::text from interpose.deliveries order by id) as deliveries,
               array(select delivery_id::text from interpose.attempts order by 1) as attempts,
               (select count(*)::int from interpose.events) as events`,
      values: [],
    });
    return row ?? {};
  };
  const some = (ids: readonly string[], ...places: readonly number[]) => places.map((place) => ids[place]);

  it("deletes what ended too long ago, dead letters later, with attempts and events, and nothing that is not over", async () => {
    const ids = await given([
      ["succeeded", 31],
      ["succeeded", 29],
      ["cancelled", 40],
      ["skipped", 31],
      ["dead", 31],
      ["dead", 91],
      ["waiting", null],
      ["blocked", null],
      ["succeeded", 35],
    ]);
    const pruned = await sweepOf({ days: 30, deadDays: 90 })();
    assert.deepEqual(pruned, { deliveries: 5, events: 5 });
    const kept = some(ids, 1, 4, 6, 7);
    assert.deepEqual(await left(), { deliveries: kept, attempts: [...kept].sort(), events: 4 });
    assert.deepEqual(logged, [{ event: "record.pruned", fields: pruned }]);
  });

  it("keeps an event as long as a delivery tells of it, and all that are Interpose's own", async () => {
    const ids = await appendForTest(database, instanceId, planOf([{ targetId: "1" }, { targetId: "2" }]));
    await appendForTest(database, instanceId, planOf([]), { aggregateType: "target", type: "target.added" });
    await appendForTest(database, instanceId, planOf([]));
    for (const id of ids) await setDelivery(database, id, "state = 'succeeded', ended_at = now() - interval '31 days'");
    await setDelivery(database, ids[1] ?? "", "ended_at = now() - interval '1 day'");
    await ageEvents(40);
    const sweep = sweepOf({ days: 30, deadDays: 90 });
    assert.deepEqual(await sweep(), { deliveries: 1, events: 1 }, "the one that nobody was to be told of");
    assert.deepEqual(await sweep(), { deliveries: 0, events: 0 });
    await setDelivery(database, ids[1] ?? "", "ended_at = now() - interval '30 days 1 second'");
    assert.deepEqual(await sweepOf({ days: 30, deadDays: 90 })(), { deliveries: 1, events: 1 });
    assert.equal((await left()).events, 1, "the target's");
  });

  it("finds in later sweeps what has become too old since the first", async () => {
    const sweep = sweepOf({ days: 30, deadDays: 90 });
    const [, late = ""] = await given([
      ["succeeded", 31],
      ["succeeded", 29],
    ]);
    assert.equal((await sweep()).deliveries, 1);
    await setDelivery(database, late, "ended_at = now() - interval '30 days'");
    assert.equal((await sweep()).deliveries, 1);
    assert.deepEqual((await left()).deliveries, []);
  });

  it("deletes the oldest of those that are over where there are too many", async () => {
    const ids = await given([
      ["dead", 5],
      ["waiting", null],
      ["succeeded", 2],
      ["succeeded", 4],
      ["succeeded", 3],
      ["succeeded", 1],
    ]);
    await database.query({ text: "analyze interpose.deliveries", values: [] });
    const sweep = sweepOf({ maxDeliveries: 2 });
    await eventually("the estimate", async () => (await sweep()).deliveries > 0);
    assert.deepEqual((await left()).deliveries, some(ids, 1, 5));
  });

  it("deletes nothing where the record is kept for ever", async () => {
    await given([["dead", 3_000]]);
    assert.deepEqual(await sweepOf({})(), { deliveries: 0, events: 0 });
  });

  it("leaves it to another server that is pruning", async () => {
    await given([["succeeded", 40]]);
    const sweep = sweepOf({ days: 30 });
    await database.transaction(async (tx) => {
      assert.ok(await tryPruneLock(tx));
      assert.deepEqual(await sweep(), { deliveries: 0, events: 0 });
    });
    assert.deepEqual(await sweep(), { deliveries: 1, events: 1 });
  });

  it("passes over what somebody is changing, and waits for nobody", async () => {
    const [held = ""] = await given([
      ["succeeded", 40],
      ["succeeded", 40],
    ]);
    await database.transaction(async (tx) => {
      await tx.query({ text: "select from interpose.deliveries where id = $1 for update", values: [BigInt(held)] });
      assert.equal((await sweepOf({ days: 30 })()).deliveries, 1);
    });
    assert.deepEqual((await left()).deliveries, [held]);
  });

  it("goes on after a failure, which it logs, until it is stopped", async () => {
    await given([["succeeded", 40]]);
    let failures = 0;
    const failing: Database = {
      ...database,
      transaction: (work) => (failures++ === 0 ? Promise.reject(new Error("away")) : database.transaction(work)),
    };
    const retention = startRetention({ ...parts(), database: failing, everyMs: 1 }, { ...KEPT_FOR_EVER, days: 30 });
    await eventually("the sweep", async () => ((await left()).deliveries as string[]).length === 0);
    await retention.stop();
    assert.deepEqual(
      logged.map(({ event }) => event),
      ["record.prune_failed", "record.pruned"],
    );
  });
});
