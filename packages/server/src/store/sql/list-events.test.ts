import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { forSuite } from "../../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../../test/harness/postgres.ts";
import { newInstance } from "../../../test/harness/routers.ts";
import type { Database } from "../database.ts";
import { idsOfTimes } from "./ids-of-times.ts";
import { listEvents, type EventPage } from "./list-events.ts";

const START = Date.UTC(2026, 0, 1);
const AMOUNT = 20_000;
const ALL: EventPage = {
  limit: 20,
  before: undefined,
  type: undefined,
  aggregateType: undefined,
  aggregateId: undefined,
  from: undefined,
  to: undefined,
  positions: undefined,
  without: [],
};

describe("listEvents() by time", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  before(async () => {
    database = await openTestDatabase(suite);
    instanceId = await newInstance(database);
    // One a second.
    await database.query({
      text: `insert into interpose.events (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, created_at)
             select $1, 'user', (i % 100)::text, i, 'type.' || i % 20, 'me', '{}', $2::timestamptz + i * interval '1 s'
             from generate_series(1, ${AMOUNT}) i`,
      values: [instanceId, new Date(START)],
    });
    await database.query({ text: "analyze interpose.events", values: [] });
  });

  const seconds = fc.option(fc.integer({ min: -100, max: AMOUNT + 100 }), { nil: undefined });
  const dateAt = (second: number | undefined): Date | undefined =>
    second === undefined ? undefined : new Date(START + second * 1_000);

  it("finds the same by the positions of the times as without them", async () => {
    const given = fc.record({ from: seconds, to: seconds, type: fc.constantFrom(undefined, "type.7") });
    await fc.assert(
      fc.asyncProperty(given, async ({ from, to, type }) => {
        const page = { ...ALL, from: dateAt(from), to: dateAt(to), type };
        const positions = await idsOfTimes(database, "events", { from: page.from, before: page.to });
        const found = await listEvents(database, instanceId, { ...page, positions });
        assert.deepEqual(found, await listEvents(database, instanceId, page));
        const [first, last] = [Math.max(from ?? 1, 1), Math.min(to ?? AMOUNT + 1, AMOUNT + 1)];
        if (type === undefined) assert.equal(found.length, Math.max(0, Math.min(last - first, page.limit)));
      }),
      { numRuns: 60 },
    );
  });

  for (const [when, from, to] of [
    ["long ago", undefined, 300],
    ["a moment in between", 9_000, 9_010],
    ["yet to come", AMOUNT + 1_000, undefined],
  ] as const) {
    it(`reads little of the log for a time ${when}`, async () => {
      const times = { from: dateAt(from), to: dateAt(to) };
      const positions = await idsOfTimes(database, "events", { from: times.from, before: times.to });
      let passedOver = 0;
      const explaining: Database = {
        ...database,
        async query({ text, values }) {
          const [row] = await database.query<{ "QUERY PLAN": readonly [{ readonly Plan: Plan }] }>({
            text: `explain (analyze, format json) ${text}`,
            values,
          });
          assert.ok(row);
          passedOver = passedOverBy(row["QUERY PLAN"][0].Plan);
          return [];
        },
      };
      await listEvents(explaining, instanceId, { ...ALL, ...times, positions });
      assert.ok(passedOver < 200, `${passedOver} events were read and passed over`);
      await listEvents(explaining, instanceId, { ...ALL, ...times });
      assert.ok(passedOver > 5_000, "without positions much is read, or this test says nothing");
    });
  }
});

interface Plan {
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

function passedOverBy(plan: Plan): number {
  return (plan["Rows Removed by Filter"] ?? 0) + (plan.Plans ?? []).reduce((sum, each) => sum + passedOverBy(each), 0);
}
