import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { parseConditionId, type FifoBy } from "@interpose/engine";
import { forSuite, type Cleanup } from "../../test/harness/cleanup.ts";
import { deliveriesOf } from "../../test/harness/events.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { contextOf, newInstance, newTarget, openRouter } from "../../test/harness/routers.ts";
import { setExecution } from "../commands/set-execution.ts";
import { updateExecutionOptions } from "../commands/update-execution-options.ts";
import type { LiveRouter } from "../router/live-router.ts";
import type { Database } from "../store/database.ts";
import type { NewEvent } from "./new-event.ts";
import { createPublisher, type Publication, type PublisherOptions } from "./publisher.ts";
import { createRate } from "./rate.ts";

describe("a publisher", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });

  /** An instance with a router, a target, and what publishes to it. */
  async function open(t: Cleanup, options: Partial<PublisherOptions> = {}) {
    const instanceId = await newInstance(database);
    const router = await openRouter(t, database, instanceId);
    const context = contextOf(database, instanceId, router);
    const target = await newTarget(context);
    const publisher = createPublisher({
      database,
      instanceId,
      router,
      maxRunDepth: 5,
      settings: { types: "open", declared: [], maxPayloadBytes: 1_000, maxPerSecond: 0 },
      rate: createRate(0, () => 0),
      owners: { tell: () => undefined, reserve: () => undefined },
      ...options,
    });
    const publish = (events: readonly NewEvent[], given: Partial<Publication> = {}) =>
      publisher.publish(events, { creator: "me", depth: 0, fieldOf: (i) => `events[${i}]`, ...given });
    return { instanceId, router, context, target, publish };
  }

  async function setFor(
    { context, target }: Pick<Awaited<ReturnType<typeof open>>, "context" | "target">,
    id: string,
    fifoBy?: FifoBy,
  ): Promise<void> {
    const condition = parseConditionId(id) ?? assert.fail(id);
    await setExecution(context, condition, [{ target }]);
    if (fifoBy !== undefined) await updateExecutionOptions(context, condition, { fifoBy });
  }

  const event = (given: Partial<NewEvent> = {}): NewEvent => ({ type: "order.placed", aggregateId: "1", ...given });

  it("asks again by newer executions where its own are old", async (t) => {
    const opened = await open(t);
    const stale = opened.router.current();
    await setFor(opened, "event/order.placed");
    let asked = 0;
    const router: Pick<LiveRouter, "current" | "catchUp"> = {
      current: () => (asked++ === 0 ? stale : opened.router.current()),
      catchUp: opened.router.catchUp,
    };
    const publisher = await open(t, { router, instanceId: opened.instanceId });
    const [place] = await publisher.publish([event()]);
    assert.equal((await deliveriesOf(database, String(place?.position))).length, 1);
    assert.equal(asked, 2);
  });

  it("gives up, and says why, where executions change each time", async (t) => {
    const opened = await open(t);
    const stale = opened.router.current();
    await setFor(opened, "event/order.placed");
    const router = { current: () => stale, catchUp: () => Promise.resolve() };
    const publisher = await open(t, { router, instanceId: opened.instanceId });
    await assert.rejects(publisher.publish([event()]), {
      reason: "publish_contended",
      message: /^Nothing was published: 10 attempts were in vain, because executions changed each time\. Try again/,
    });
    assert.equal((await opened.publish([event()]))[0]?.sequence, 1n);
  });

  it("takes one round trip where nothing is stale, and more only for keys that other aggregates share", async (t) => {
    const counts: string[] = [];
    const counting: Database = {
      ...database,
      query: (statement) => (counts.push(statement.name ?? ""), database.query(statement)),
      transaction: (work) => (counts.push("transaction"), database.transaction(work)),
    };
    const opened = await open(t, { database: counting });
    await setFor(opened, "event/order.placed", "aggregate");
    await setFor(opened, "event/order.paid", "payload.customer");
    counts.length = 0;
    await opened.publish([event({ idempotencyKey: "k" }), event()]);
    assert.deepEqual(counts.splice(0), ["append-events"]);
    await opened.publish([event({ type: "order.paid" })]);
    assert.deepEqual(counts.splice(0), ["append-event"], "it has no key");
    await opened.publish([event({ type: "order.paid", payload: { customer: "c" } })]);
    assert.deepEqual(counts, ["transaction"]);
  });

  it("has owners told of what is new once it is committed, and not of repetitions; in transactions of others, the commit tells", async (t) => {
    const told: (readonly string[])[] = [];
    const opened = await open(t, {
      owners: { tell: (targetIds) => void told.push(targetIds), reserve: () => undefined },
    });
    await setFor(opened, "event/order.placed");
    const notified: string[] = [];
    const listening = await database.listen(
      "interpose_deliveries",
      (payload) => void notified.push(payload),
      () => undefined,
    );
    await opened.publish([event({ idempotencyKey: "once" }), event()]);
    await opened.publish([event({ idempotencyKey: "once" })]);
    assert.deepEqual(told, [[opened.target], []]);
    await database.transaction((tx) => opened.publish([event()], { tx }));
    await eventually("the notification", () => notified.includes(opened.target));
    await listening.stop();
    assert.equal(notified.filter((id) => id === opened.target).length, 1);
    assert.equal(told.length, 2);
  });

  it("numbers deliveries of one key in the order of the commits, across aggregates", async (t) => {
    const opened = await open(t);
    await setFor(opened, "event/order.placed", "payload.customer");
    const of = (aggregateId: string, customer: string): NewEvent => event({ aggregateId, payload: { customer } });
    // A type that is not known yet would be waited for, too.
    await opened.publish([event()]);
    const positions: bigint[] = [];
    let second: Promise<unknown> | undefined;
    await database.transaction(async (tx) => {
      const [first] = await opened.publish([of("1", "c")], { tx });
      positions.push(first?.position ?? 0n);
      // Another aggregate and the same customer: it waits. Another customer does not.
      second = opened.publish([of("2", "c")]).then(([place]) => positions.push(place?.position ?? 0n));
      await eventually("the second waits for the first", async () => {
        const waiting = await database.query({
          text: "select from pg_locks where locktype = 'advisory' and not granted",
          values: [],
        });
        return waiting.length === 1;
      });
      await opened.publish([of("3", "d")]);
      assert.equal(positions.length, 1);
    });
    await second;
    assert.equal(positions.length, 2);
    const [one, two] = positions as [bigint, bigint];
    const rows = await database.query<{ position: bigint; key: string }>({
      text: `select event_position as position, fifo_key as key from interpose.deliveries where event_position in ($1, $2) order by id`,
      values: [one, two],
    });
    assert.deepEqual(
      rows.map(({ position, key }) => [position, key]),
      [
        [one, '"c"'],
        [two, '"c"'],
      ],
    );
  });

  it("takes batches with very many keys, at once, without running out of locks or into each other", async (t) => {
    const opened = await open(t);
    await setFor(opened, "event/order.placed", "payload.n");
    const batch = Array.from({ length: 1_000 }, (_, n) => event({ aggregateId: String(n), payload: { n } }));
    await Promise.all(Array.from({ length: 6 }, (_, i) => opened.publish(i % 2 === 0 ? batch : batch.toReversed())));
    const [place] = await opened.publish([event({ aggregateId: "500" })]);
    assert.equal(place?.sequence, 7n);
  });

  describe("of declared types", () => {
    const settings: PublisherOptions["settings"] = {
      types: "declared",
      declared: ["order.placed", "order.paid"],
      maxPayloadBytes: 1_000,
      maxPerSecond: 0,
    };

    it("takes those of the settings and of the store, and names what is near to others", async (t) => {
      const opened = await open(t, { settings });
      await database.query({
        text: "insert into interpose.event_types (instance_id, type, declared_at) values ($1, 'order.sent', now()), ($1, 'order.learned', null)",
        values: [opened.instanceId],
      });
      await opened.publish([event(), event({ type: "order.sent" })]);
      for (const [type, says] of [
        ["order.plaecd", /^events\[1\]\.type "order\.plaecd" is not declared.* Do you mean order\.placed\?/],
        ["order.snet", /Do you mean order\.sent\?/],
        ["customer.came", /Declared are order\.placed, order\.paid, order\.sent\. Types are declared by/],
        ["order.learned", /is not declared/],
      ] as const)
        await assert.rejects(opened.publish([event(), event({ type })]), {
          reason: "event_type_undeclared",
          message: says,
        });
    });
  });

  it("takes no more than it may within a second, and says how long to wait", async (t) => {
    let now = 0;
    const settings = { types: "open" as const, declared: [], maxPayloadBytes: 1_000, maxPerSecond: 4 };
    const opened = await open(t, { settings, rate: createRate(4, () => now) });
    await opened.publish([event(), event(), event()]);
    await assert.rejects(opened.publish([event(), event()]), {
      reason: "publish_rate_exceeded",
      message: /takes 4 events within a second .* Nothing was published\. Try again in 250 ms\./,
      metadata: { retryAfterMs: "250", retryAfterSeconds: "1" },
    });
    now = 250;
    const [place] = await opened.publish([event(), event()]);
    assert.equal(place?.sequence, 4n);
  });

  it("publishes nothing of nothing", async (t) => {
    const opened = await open(t);
    assert.deepEqual(await opened.publish([]), []);
  });
});
