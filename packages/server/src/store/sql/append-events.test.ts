import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { openTestDatabase } from "../../../test/harness/postgres.ts";
import type { Database } from "../database.ts";
import { appendEvents } from "./append-events.ts";
import type { AppendedEvent, DeliveryPlan, EventToAppend } from "./events-to-append.ts";
import { ensureInstance } from "./ensure-instance.ts";

const INSTANCE = "100000000000000000";
const PLAN: DeliveryPlan = {
  executionId: "event",
  deliveries: [
    { targetId: "1", place: 0, stage: 0, gate: "success" },
    { targetId: "2", place: 1, stage: 1, gate: undefined },
  ],
};

let events = 0;
function event(given: Partial<EventToAppend> = {}): EventToAppend {
  return {
    aggregateType: "user",
    aggregateId: String(++events),
    type: "user.added",
    creator: "me",
    payload: "{}",
    ...given,
  };
}

describe("appendEvents() with deliveries", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
    await database.transaction((tx) => ensureInstance(tx, INSTANCE));
  });

  const append = (toAppend: readonly EventToAppend[], revision = 0n, learnTypes = false) =>
    appendEvents(database, toAppend, { instanceId: INSTANCE, revision, learnTypes });
  const appended = async (...toAppend: EventToAppend[]): Promise<readonly AppendedEvent[]> =>
    (await append(toAppend)) ?? assert.fail("nothing was appended");
  const deliveriesOf = ({ position }: AppendedEvent) =>
    database.query<Record<string, unknown>>({
      text: `select target_id, place, stage, gate, state, fifo_key, reason, ended_at is not null as ended, due_at = created_at as due
             from interpose.deliveries where event_position = $1 order by id`,
      values: [position],
    });

  it("writes what a plan causes, stage by stage, and tells the owners of what can begin", async () => {
    const told: string[] = [];
    const listening = await database.listen(
      "interpose_deliveries",
      (payload) => void told.push(payload),
      () => undefined,
    );
    const [first] = await appended(event({ deliveries: { plan: PLAN, fifoKey: "k" } }), event());
    assert.ok(first);
    const common = { fifo_key: "k", reason: null, ended: false, due: true };
    assert.deepEqual(await deliveriesOf(first), [
      { target_id: "1", place: 0, stage: 0, gate: "success", state: "waiting", ...common },
      { target_id: "2", place: 1, stage: 1, gate: null, state: "blocked", ...common },
    ]);
    await eventually("the notification", () => told.length > 0);
    assert.deepEqual(told, ["1"]);
    await listening.stop();
  });

  it("writes those that the owner of their queue has room for as claimed from the start, and answers what an attempt needs", async () => {
    const plan: DeliveryPlan = {
      executionId: "event",
      deliveries: [2, 0, 1, 4, 3].map((place) => ({ targetId: String(place), place, stage: 0, gate: undefined })),
    };
    for (const [target, owner, pausedBy] of [
      ["0", "me", null],
      ["1", "me", null],
      ["2", "me", null],
      ["3", "other", null],
      ["4", "me", "operator"],
    ])
      await database.query({
        text: `insert into interpose.queues (instance_id, target_id, owner, paused_by, paused_at)
               values ($1, $2, $3, $4::text, case when $4::text is not null then now() end)`,
        values: [INSTANCE, target, owner, pausedBy],
      });
    const claim = { workerId: "me", places: new Set([0, 2, 3, 4]) };
    const options = { instanceId: INSTANCE, revision: 0n, learnTypes: false, claim };
    const toAppend = event({ deliveries: { plan }, payload: '{"b":1.50,"a":"ü"}', idempotencyKey: "claimed" });
    const [first] = (await appendEvents(database, [toAppend], options)) ?? [];
    assert.ok(first?.claimed);
    assert.equal(first.claimed.payload, '{"a": "ü", "b": 1.50}');
    const rows = await database.query<Record<string, unknown>>({
      text: `select id, place, state, claimed_by, claimed_at is not null as claimed from interpose.deliveries where event_position = $1 order by place`,
      values: [first.position],
    });
    assert.deepEqual([...first.claimed.ids].sort(), [
      [0, rows[0]?.id],
      [2, rows[2]?.id],
    ]);
    assert.deepEqual(
      rows.map(({ place, state, claimed_by, claimed }) => [place, state, claimed_by, claimed]),
      [
        [0, "waiting", "me", true],
        [1, "waiting", null, false],
        [2, "waiting", "me", true],
        [3, "waiting", null, false],
        [4, "waiting", null, false],
      ],
    );
    const [again] = (await appendEvents(database, [toAppend], options)) ?? [];
    assert.deepEqual([again?.repeated, again?.claimed], [true, undefined]);
  });

  it("tells of more targets than a notification holds as of any", async () => {
    const told: string[] = [];
    const listening = await database.listen(
      "interpose_deliveries",
      (payload) => void told.push(payload),
      () => undefined,
    );
    const deliveries = Array.from({ length: 500 }, (_, place) => ({
      targetId: `30000000000000${1000 + place}`,
      place,
      stage: 0,
      gate: undefined,
    }));
    await appended(event({ deliveries: { plan: { executionId: "event", deliveries } } }));
    await eventually("the notification", () => told.length > 0);
    assert.deepEqual(told, ["*"]);
    await listening.stop();
  });

  it("makes dead letters of what must not be attempted", async () => {
    const [one] = await appended(event({ deliveries: { plan: PLAN, deadBecause: "run_too_deep" } }));
    assert.ok(one);
    const rows = await deliveriesOf(one);
    assert.deepEqual(
      rows.map(({ state, reason, ended }) => [state, reason, ended]),
      Array(2).fill(["dead", "run_too_deep", true]),
    );
  });

  it("numbers deliveries in the order of events and places", async () => {
    const batch = Array.from({ length: 50 }, () => event({ deliveries: { plan: PLAN } }));
    const places = await appended(...batch);
    const rows = await database.query<{ position: bigint; place: number }>({
      text: `select event_position as position, place from interpose.deliveries where event_position = any ($1) order by id`,
      values: [places.map(({ position }) => position)],
    });
    assert.deepEqual(
      rows.map(({ position, place }) => `${position}.${place}`),
      places.flatMap(({ position }) => [`${position}.0`, `${position}.1`]),
    );
  });

  const kinds: readonly (readonly [string, Partial<EventToAppend>])[] = [
    ["nothing more than it must say", {}],
    ["all that it can say", { resourceOwner: "org", version: "v2", depth: 3, payload: '{"a":1.50,"ü":[null]}' }],
    ["deliveries", { deliveries: { plan: PLAN } }],
    [
      "deliveries of which it does not matter in which order they were planned",
      { deliveries: { plan: { ...PLAN, deliveries: PLAN.deliveries.toReversed() } } },
    ],
    ["deliveries with a key", { deliveries: { plan: PLAN, fifoKey: "together" } }],
    ["dead letters", { deliveries: { plan: PLAN, deadBecause: "run_too_deep" } }],
    ["a plan without deliveries", { deliveries: { plan: { ...PLAN, deliveries: [] } } }],
    ["an idempotency key", { idempotencyKey: "kept" }],
  ];
  for (const [what, given] of kinds) {
    it(`writes the same of an event that comes alone and of one among others, with ${what}`, async () => {
      const keyed = (suffix: string): Partial<EventToAppend> =>
        given.idempotencyKey === undefined ? {} : { idempotencyKey: `${given.idempotencyKey} ${suffix}` };
      const written = async ({ position }: AppendedEvent): Promise<unknown> => {
        const [row] = await database.query<Record<string, unknown>>({
          text: "select e.*, e.payload::text as text from interpose.events e where position = $1",
          values: [position],
        });
        const { position: _position, aggregate_id: _id, created_at: _at, idempotency_key: key, ...rest } = row ?? {};
        return { rest, hasKey: key !== null, deliveries: await deliveriesOf({ position } as AppendedEvent) };
      };
      const [alone] = await appended(event({ ...given, ...keyed("alone") }));
      const [, among] = await appended(event(), event({ ...given, ...keyed("among") }), event());
      assert.ok(alone && among);
      assert.deepEqual(await written(alone), await written(among));
    });
  }

  it("is planned once, and not for each event, however full the tables are", async (t) => {
    const full = await openTestDatabase(t);
    await full.transaction((tx) => ensureInstance(tx, INSTANCE));
    const options = { instanceId: INSTANCE, revision: 0n, learnTypes: true, tellsOwners: true };
    const one = (): EventToAppend => event({ deliveries: { plan: PLAN } });
    await appendEvents(full, [one(), one()], options);
    await full.query({
      text: `insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, state, due_at, created_at)
             select instance_id, event_position, execution_id, i, target_id, stage, 'waiting', due_at, created_at
             from (select * from interpose.deliveries limit 1) as d, generate_series(10, 5000) as i`,
      values: [],
    });
    await full.query({ text: "analyze interpose.deliveries", values: [] });
    const plans = await full.transaction(async (tx) => {
      for (let i = 0; i < 20; i++) await appendEvents(tx, [one()], options);
      return tx.query<{ custom: number }>({
        text: "select custom_plans::int as custom from pg_prepared_statements where name = 'append-event'",
        values: [],
      });
    });
    // PostgreSQL tries five plans for given parameters before it makes one for all.
    assert.deepEqual(plans, [{ custom: 5 }]);
  });

  it("appends nothing where executions have changed since", async () => {
    await database.query({ text: "update interpose.instances set revision = 7", values: [] });
    try {
      const stale = event({ deliveries: { plan: PLAN } });
      assert.equal(await append([stale], 6n), undefined);
      assert.equal((await append([stale], 7n))?.[0]?.sequence, 1n, "and leaves no gap");
      assert.equal(
        (await append([{ ...stale }], 8n))?.[0]?.sequence,
        2n,
        "executions that are newer than the transaction",
      );
    } finally {
      await database.query({ text: "update interpose.instances set revision = 0", values: [] });
    }
  });

  it("answers what an idempotency key stood for before", async () => {
    const first = event({ idempotencyKey: "one", payload: '{"a":1,"b":[2]}', deliveries: { plan: PLAN } });
    const [original] = await appended(first);
    assert.ok(original);
    const again = await appended({ ...first, payload: '{ "b": [2], "a": 1 }' }, event());
    assert.deepEqual(
      again.map(({ position, repeated }) => [position === original.position, repeated]),
      [
        [true, true],
        [false, false],
      ],
    );
    assert.equal((await deliveriesOf(original)).length, 2, "nothing is delivered twice");
  });

  const others: readonly (readonly [string, Partial<EventToAppend>])[] = [
    ["payload", { payload: '{"a":2}' }],
    ["type", { type: "user.changed" }],
    ["aggregate", { aggregateId: "another" }],
    ["type of aggregate", { aggregateType: "customer" }],
  ];
  for (const [what, given] of others) {
    it(`appends nothing where a key stood for an event of another ${what}`, async () => {
      const first = event({ idempotencyKey: `other ${what}` });
      const [original] = await appended(first);
      const fresh = event();
      await assert.rejects(append([fresh, { ...first, ...given }]), {
        reason: "event_key_reused",
        message: new RegExp(`^The idempotency key "other ${what}" stands for the event ${original?.position},`),
      });
      assert.equal((await append([fresh]))?.[0]?.sequence, 1n, "the other event of the batch is not there");
      await assert.rejects(append([{ ...first, ...given }]), { reason: "event_key_reused" });
    });
  }

  it("lets one of many win that publish under one key at once, without a gap in the sequence", async () => {
    const same = event({ idempotencyKey: "raced", aggregateId: "raced" });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => append([same])));
    const won = results.filter((result) => result.status === "fulfilled" && result.value?.[0]?.repeated === false);
    assert.equal(won.length, 1);
    const [next] = await appended(event({ aggregateId: "raced" }));
    assert.equal(next?.sequence, 2n);
  });

  it("learns types when it is asked to", async () => {
    const types = () =>
      database.query<{ type: string }>({ text: "select type from interpose.event_types order by type", values: [] });
    await append([event({ type: "b.b" })]);
    assert.deepEqual(await types(), []);
    const many = Array.from({ length: 500 }, () => [event({ type: "b.b" }), event({ type: "a.a" })]).flat();
    await Promise.all([1, 2, 3].map(() => append(many, 0n, true)));
    await Promise.all([1, 2, 3].map(() => append([event({ type: "c.c" })], 0n, true)));
    assert.deepEqual(
      (await types()).map(({ type }) => type),
      ["a.a", "b.b", "c.c"],
    );
  });
});
