import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { forSuite } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { newInstance } from "../../test/harness/routers.ts";
import { firstIdAt, newId, timeOfId } from "../ids.ts";
import type { Database } from "../store/database.ts";
import { tryPruneLock } from "../store/sql/try-prune-lock.ts";
import { createRunSweep, startRunRetention, type RunRetentionSettings } from "./retention.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);

describe("the retention of runs", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  beforeEach(async () => {
    database = await openTestDatabase(suite);
    instanceId = await newInstance(database);
  });

  const parts = () => ({ database, instanceId, pauseMs: 0, batch: 3, log: () => undefined });
  const sweepOf = (settings: Partial<RunRetentionSettings>) =>
    createRunSweep(parts(), { days: 0, maxRuns: 0, ...settings }, new AbortController().signal);

  /** A run with a call and messages for each age in days; answers their ids. */
  async function given(ages: readonly number[]): Promise<string[]> {
    const ids = ages.map((days) => newId(NOW - days * DAY_MS));
    for (const id of ids) {
      await database.query({
        text: `with run as (
                 insert into interpose.runs (id, instance_id, side, execution_id, host, depth, duration_ms, outcome, calls, failed_calls)
                 values ($1, $2, 'request', 'request', 'api', 1, 1, 'passed', 1, 0)
               ), called as (
                 insert into interpose.run_calls (run_id, place, instance_id, target_id, target_name, begin_ms, effect)
                 values ($1, 1, $2, '1', 't', 0, 'none')
               )
               insert into interpose.run_messages (run_id, place, content) values ($1, 0, '{}'), ($1, 1, '{}')`,
        values: [id, instanceId],
      });
    }
    return ids;
  }
  async function left(): Promise<readonly string[]> {
    const [row] = await database.query<Record<"runs" | "calls" | "messages", string[]>>({
      text: `select array(select id::text from interpose.runs order by id) as runs, array(select run_id::text from interpose.run_calls order by 1) as calls,
               array(select distinct run_id::text from interpose.run_messages order by 1) as messages`,
      values: [],
    });
    assert.deepEqual(row?.calls, row?.runs);
    assert.deepEqual(row?.messages, row?.runs);
    return row?.runs ?? [];
  }

  it("deletes what is too old, batch by batch, with all that belongs to it", async () => {
    const ids = await given([30, 20, 10, 9, 8, 7.1, 6.9, 1]);
    assert.equal(await sweepOf({ days: 7 })(NOW), 6);
    assert.deepEqual(await left(), ids.slice(6));
    assert.equal(await sweepOf({ days: 7 })(NOW), 0);
  });

  it("deletes the oldest of what is too much", async () => {
    const ids = await given([8, 7, 6, 5, 4, 3, 2, 1]);
    await database.query({ text: "select pg_stat_force_next_flush()", values: [] });
    await eventually("the estimate", async () => {
      await sweepOf({ maxRuns: 3 })(NOW);
      return (await left()).length < 8;
    });
    assert.deepEqual(await left(), ids.slice(5));
  });

  it("keeps everything without limits, and leaves the work to another server that is at it", async () => {
    await given([3_000, 1]);
    assert.equal(await sweepOf({})(NOW), 0);
    await database.transaction(async (tx) => {
      assert.equal(await tryPruneLock(tx), true);
      assert.equal(await sweepOf({ days: 7 })(NOW), 0);
    });
    assert.equal(await sweepOf({ days: 7 })(NOW), 1);
  });

  it("sweeps again and again, until it is stopped", async () => {
    await given([3_000, 3_001]);
    const retention = startRunRetention({ ...parts(), everyMs: 5 }, { days: 3, maxRuns: 0 });
    await eventually("a sweep", async () => (await left()).length === 0);
    await retention.stop();
  });
});

describe("ids and times", () => {
  it("lead to one another", () => {
    for (const ms of [Date.UTC(2024, 0, 1, 0, 0, 1), NOW, NOW + 1]) {
      const id = BigInt(newId(ms));
      assert.equal(timeOfId(id), ms);
      assert.ok(firstIdAt(ms) <= id && id < firstIdAt(ms + 1));
    }
    assert.equal(firstIdAt(0), 0n);
  });
});
