import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { forSuite } from "../../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../../test/harness/postgres.ts";
import { newInstance } from "../../../test/harness/routers.ts";
import type { Database } from "../database.ts";
import type { DeliveryFilter, ShownState } from "./delivery-filter.ts";
import { idsOfTimes } from "./ids-of-times.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { selectDeliveriesToChange } from "./select-deliveries-to-change.ts";

const STORED = ["blocked", "queued", "waiting", "succeeded", "dead", "cancelled", "skipped"] as const;
const SHOWN: readonly ShownState[] = [...STORED, "running", "held"];
const TARGETS = ["1", "2", "3"];
const HELD = new Set(["2", "3"]);
const EXECUTIONS = ["event", "event/a.*"];
const TYPES = ["a.a", "a.b"];
const AGGREGATES = [
  ["user", "1"],
  ["user", "2"],
  ["group", "1"],
] as const;
const START = Date.UTC(2026, 0, 1);
const AMOUNT = 300;

/** A delivery as the tests know it. */
interface Known {
  readonly id: bigint;
  readonly state: ShownState;
  readonly targetId: string;
  readonly executionId: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly eventPosition: bigint;
  readonly replayOf: bigint | null;
  readonly createdAt: Date;
}

/** Writes deliveries of all kinds, some seconds apart, and answers them. */
async function fill(database: Database, instanceId: string): Promise<readonly Known[]> {
  await database.query({
    text: `insert into interpose.queues (instance_id, target_id, paused_at, paused_by, breaker_opened_at)
           values ($1, '1', null, null, null), ($1, '2', now(), 'operator', null), ($1, '3', null, null, now())`,
    values: [instanceId],
  });
  const known: Known[] = [];
  for (let i = 0; i < AMOUNT; i++) {
    const stored = STORED[(i * 5) % STORED.length] ?? "waiting";
    const [aggregateType, aggregateId] = AGGREGATES[i % 3] ?? ["", ""];
    const targetId = TARGETS[(i >> 1) % 3] ?? "";
    const executionId = EXECUTIONS[(i >> 2) % 2] ?? "";
    const eventType = TYPES[(i >> 3) % 2] ?? "";
    const isClaimed = i % 4 === 0;
    const replayOf = i % 10 === 9 ? (known[i - 5]?.id ?? null) : null;
    const createdAt = new Date(START + i * 7_000);
    const rows = await database.query<{ id: bigint; position: bigint }>({
      text: `with e as (
               insert into interpose.events (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, created_at)
               values ($1, $2, $3, $4, $5, 'me', '{}', $6) returning position
             )
             insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, state, due_at, claimed_by, replay_of, created_at)
             select $1, position, $7, 0, $8, 0, $9, $6, $10, $11, $6 from e returning id, event_position as position`,
      values: [
        instanceId,
        aggregateType,
        aggregateId,
        i + 1,
        eventType,
        createdAt,
        executionId,
        targetId,
        stored,
        isClaimed ? "w" : null,
        replayOf,
      ],
    });
    const [row] = rows;
    assert.ok(row);
    const form = isClaimed ? "running" : HELD.has(targetId) ? "held" : "waiting";
    const state = stored === "waiting" ? form : stored;
    known.push({
      id: row.id,
      state,
      targetId,
      executionId,
      eventType,
      aggregateType,
      aggregateId,
      eventPosition: row.position,
      replayOf,
      createdAt,
    });
  }
  return known;
}

/** An id that none has. */
const NO_DELIVERY = 2n ** 62n;

/** What a filter means, said another way. */
function matches(filter: DeliveryFilter, known: Known): boolean {
  const { states, createdAfter, createdBefore, among, ids: _, ...equal } = filter;
  return (
    (states.length === 0 || states.includes(known.state)) &&
    (createdAfter === undefined || known.createdAt >= createdAfter) &&
    (createdBefore === undefined || known.createdAt < createdBefore) &&
    (among === undefined || among.includes(known.id)) &&
    Object.entries(equal).every(([field, value]) => value === undefined || known[field as keyof Known] === value)
  );
}

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 1 });
const time = fc.option(
  fc.integer({ min: -100, max: AMOUNT * 7 + 100 }).map((seconds) => new Date(START + seconds * 1_000)),
  { nil: undefined, freq: 1 },
);

describe("listDeliveries()", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  let known: readonly Known[];
  before(async () => {
    database = await openTestDatabase(suite);
    instanceId = await newInstance(database);
    const other = await newInstance(database);
    await fill(database, other);
    known = await fill(database, instanceId);
  });

  const filters = fc.record({
    states: fc.uniqueArray(fc.constantFrom(...SHOWN), { maxLength: 4 }),
    targetId: maybe([...TARGETS, "4"]),
    executionId: maybe(EXECUTIONS),
    eventType: maybe([...TYPES, "a"]),
    aggregateType: maybe(["user", "group"]),
    aggregateId: maybe(["1", "2"]),
    createdAfter: time,
    createdBefore: time,
    // By their places among all.
    among: fc.option(fc.uniqueArray(fc.nat(AMOUNT + 5), { minLength: 1, maxLength: 30 }), { nil: undefined, freq: 1 }),
  });

  it("finds what a filter means, page after page, and so do orders about many", async () => {
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (given, limit, byIds) => {
        const asked = { ...given, among: given.among?.map((place) => known[place]?.id ?? NO_DELIVERY) };
        const { createdAfter: from, createdBefore } = asked;
        const ids = byIds ? await idsOfTimes(database, "deliveries", { from, before: createdBefore }) : undefined;
        const filter: DeliveryFilter = { ...asked, ids };
        const expected = known.filter((each) => matches(filter, each)).map(({ id }) => id);
        const found: bigint[] = [];
        for (let last: bigint | undefined; ;) {
          const page = await listDeliveries(database, instanceId, { filter, limit, before: last });
          for (const row of page) {
            found.push(row.id);
            assert.equal(row.state, known.find(({ id }) => id === row.id)?.state);
          }
          last = page.at(-1)?.id;
          if (page.length < limit) break;
        }
        assert.deepEqual(found, expected.toReversed());
        const walk = { filter, direction: "oldest first", limit } as const;
        const first = await selectDeliveriesToChange(database, instanceId, walk);
        assert.deepEqual(
          first.map(({ id }) => id),
          expected.slice(0, limit),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("finds deliveries of one event, and replays of one", async () => {
    for (const each of known.slice(0, 20)) {
      const find = async (filter: Partial<DeliveryFilter>): Promise<readonly bigint[]> =>
        (await listDeliveries(database, instanceId, { filter: { states: [], ...filter }, limit: 10 })).map(
          ({ id }) => id,
        );
      assert.deepEqual(await find({ eventPosition: each.eventPosition }), [each.id]);
      const replays = known.filter(({ replayOf }) => replayOf === each.id).map(({ id }) => id);
      assert.deepEqual(await find({ replayOf: each.id }), replays);
    }
  });

  it("knows the ids of a time", async () => {
    const none = await openTestDatabase(suite);
    assert.equal(await idsOfTimes(none, "deliveries", {}), undefined);
    assert.deepEqual(await idsOfTimes(none, "deliveries", { from: new Date() }), { from: 0n, to: 2n ** 63n - 1n });
  });
});

/** The filters that clients have, at a size at which reading everything would be felt. */
describe("listDeliveries() among 200,000", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  const statements: { text: string; values: readonly unknown[] }[] = [];
  before(async () => {
    database = await openTestDatabase(suite);
    instanceId = await newInstance(database);
    await database.query({
      text: `insert into interpose.events (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, created_at)
             select $1, 'user', (i % 5000)::text, i, case when i % 1000 = 0 then 'rare.type' else 'type.' || i % 20 end, 'me', '{}', $2::timestamptz + i * interval '10 ms'
             from generate_series(1, 200000) i`,
      values: [instanceId, new Date(START)],
    });
    // As it is in life: nearly all arrived, the rest of every kind.
    await database.query({
      text: `insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, fifo_key, state, due_at, replay_of, created_at, ended_at)
             select $1, position, 'event', 0, (position % 50)::text, 0, case when position % 500 = 1 then 'k' end,
               case position % 500 when 0 then 'dead' when 1 then 'queued' when 2 then 'blocked' when 3 then 'waiting' when 4 then 'cancelled' when 5 then 'skipped' else 'succeeded' end,
               created_at, case when position % 1000 = 7 then position - 1 end, created_at, case when position % 500 in (1, 2, 3) then null else created_at end
             from interpose.events order by position`,
      values: [instanceId],
    });
    await database.query({
      text: "insert into interpose.queues (instance_id, target_id) select $1, i::text from generate_series(0, 49) i",
      values: [instanceId],
    });
    await database.query({ text: "analyze", values: [] });
  });

  const cases: readonly { readonly name: string; readonly filter: Partial<DeliveryFilter> }[] = [
    { name: "nothing", filter: {} },
    ...SHOWN.map((state) => ({ name: `the state ${state}`, filter: { states: [state] } })),
    { name: "several states", filter: { states: ["dead", "cancelled", "skipped"] } },
    { name: "what is not over", filter: { states: ["blocked", "queued", "waiting", "running", "held"] } },
    { name: "a target", filter: { targetId: "7" } },
    { name: "a target and a state", filter: { targetId: "0", states: ["dead"] } },
    { name: "a target that there is none of", filter: { targetId: "404" } },
    { name: "an execution", filter: { executionId: "event" } },
    { name: "a type", filter: { eventType: "type.3" } },
    { name: "a rare type", filter: { eventType: "rare.type" } },
    { name: "a type that there is none of", filter: { eventType: "none" } },
    { name: "a type of aggregates", filter: { aggregateType: "user" } },
    { name: "an aggregate", filter: { aggregateType: "user", aggregateId: "77" } },
    { name: "an event", filter: { eventPosition: 100_000n } },
    { name: "replays", filter: { replayOf: 1_006n } },
    { name: "some", filter: { among: [7n, 100_000n, 199_999n, NO_DELIVERY] } },
    {
      name: "a time",
      filter: { createdAfter: new Date(START + 1_000_000), createdBefore: new Date(START + 1_010_000) },
    },
    {
      name: "a time and a state",
      filter: {
        states: ["succeeded"],
        createdAfter: new Date(START + 1_000_000),
        createdBefore: new Date(START + 1_010_000),
      },
    },
  ];
  for (const { name, filter } of cases) {
    it(`reads no whole table for ${name}`, async () => {
      statements.length = 0;
      const noting: Database = {
        ...database,
        query: (statement) => {
          statements.push(statement);
          return database.query(statement);
        },
      };
      const { createdAfter: from, createdBefore: before } = filter;
      const ids = await idsOfTimes(noting, "deliveries", { from, before });
      const page = { filter: { states: [], ...filter, ids }, limit: 101 };
      await listDeliveries(noting, instanceId, page);
      await listDeliveries(noting, instanceId, { ...page, before: 150_000n });
      assert.ok(statements.length >= 2);
      for (const { text, values } of statements) {
        const rows = await database.query<{ "QUERY PLAN": string }>({ text: `explain ${text}`, values });
        const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
        assert.doesNotMatch(plan, /Seq Scan on (deliveries|events)/, `${text}\n${plan}`);
      }
    });
  }
});
