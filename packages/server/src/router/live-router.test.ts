import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { cleanUp, forSuite } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import {
  checkCurrent,
  condition,
  CONDITIONS,
  contentOf,
  contextOf,
  current,
  newInstance,
  newTarget,
  openRouter,
} from "../../test/harness/routers.ts";
import { deleteTarget } from "../commands/delete-target.ts";
import { setExecution } from "../commands/set-execution.ts";
import { updateTarget } from "../commands/update-target.ts";
import type { Database } from "../store/database.ts";
import { readRevision } from "../store/sql/read-revision.ts";
import { startLiveRouter } from "./live-router.ts";

/** Ends the connections on which routers listen. */
async function endListening(database: Database): Promise<number> {
  const ended = await database.query({
    text: `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and query like 'listen%'`,
    values: [],
  });
  return ended.length;
}

describe("startLiveRouter()", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });

  it("is current when catchUp answers, however many commands end at once", async (t) => {
    const instanceId = await newInstance(database);
    const router = await openRouter(t, database, instanceId);
    const context = contextOf(database, instanceId, router);
    const id = await newTarget(context);
    await Promise.all(
      CONDITIONS.map(async (text) => {
        let revision = 0n;
        const committed = async (to: bigint): Promise<void> => {
          revision = to;
          await router.catchUp(to);
        };
        await setExecution({ ...context, committed }, condition(text), [{ target: id }]);
        assert.ok(router.current().revision >= revision && revision > 0n, text);
      }),
    );
    await checkCurrent(database, instanceId, router);
    await router.catchUp(0n);
  });

  it("waits for a load that began after the commit, not for one that was under way", async (t) => {
    const instanceId = await newInstance(database);
    let holdNext = false;
    let goOn: (() => void) | undefined;
    const slow: Database = {
      ...database,
      async snapshotRead(work) {
        const read = await database.snapshotRead(work);
        if (holdNext) await new Promise<void>((resolve) => (goOn = resolve));
        return read;
      },
    };
    const router = await openRouter(t, slow, instanceId);
    holdNext = true;
    await newTarget(contextOf(database, instanceId));
    const release = await eventually("the load of what was told has read", () => goOn);
    holdNext = false;
    const first = await readRevision(database, instanceId);
    const created = newTarget(contextOf(database, instanceId, router));
    await eventually("the second target is committed", async () => {
      const { revision } = await readRevision(database, instanceId);
      return revision > first.revision;
    });
    release();
    await created;
    await checkCurrent(database, instanceId, router);
  });

  it("puts another snapshot in place of one that is in use, and never changes that", async (t) => {
    const instanceId = await newInstance(database);
    const router = await openRouter(t, database, instanceId);
    const context = contextOf(database, instanceId, router);
    const id = await newTarget(context);
    await setExecution(context, condition("request"), [{ target: id }]);
    const held = router.current();
    const copy = structuredClone(contentOf(held));
    await updateTarget(context, id, { endpoint: "https://example.com/moved" });
    await deleteTarget(context, id);
    assert.notEqual(router.current(), held);
    assert.equal(router.current().request.all, undefined);
    assert.deepEqual(contentOf(held), copy);
  });

  it("hears of what another node does, and of its own instance alone", async (t) => {
    const [mine, others] = [await newInstance(database), await newInstance(database)];
    const router = await openRouter(t, database, mine);
    const id = await newTarget(contextOf(database, others));
    await setExecution(contextOf(database, others), condition("request"), [{ target: id }]);
    await newTarget(contextOf(database, mine));
    await current(database, mine, router);
    assert.equal(router.current().request.all, undefined);
  });

  it("finds by itself what nobody told it of", async (t) => {
    const instanceId = await newInstance(database);
    const context = contextOf(database, instanceId);
    const id = await newTarget(context);
    await setExecution(context, condition("request"), [{ target: id }]);
    const [polls, waits] = [await openRouter(t, database, instanceId, 50), await openRouter(t, database, instanceId)];
    const before = waits.current();
    // A commit whose notification is lost: what advanceRevision() does, but for telling.
    await database.query({
      text: `with removed as (delete from interpose.executions where instance_id = $1),
             event as (
               insert into interpose.events (instance_id, aggregate_type, aggregate_id, sequence, type, creator, payload, created_at)
               values ($1, 'execution', 'request', 2, 'execution.removed', 'test', '{}', now()) returning position
             )
             update interpose.instances set revision = (select position from event) where id = $1`,
      values: [instanceId],
    });
    await current(database, instanceId, polls);
    assert.equal(polls.current().request.all, undefined);
    assert.equal(waits.current(), before, "the one that does not poll shows that there was nothing to hear");
    await newTarget(context);
    await current(database, instanceId, waits);
  });

  it("knows what was committed between its first load and its listening", async (t) => {
    const instanceId = await newInstance(database);
    const busy: Database = {
      ...database,
      async listen(...args) {
        await newTarget(contextOf(database, instanceId));
        return database.listen(...args);
      },
    };
    const router = await openRouter(t, busy, instanceId);
    await checkCurrent(database, instanceId, router);
    assert.ok(router.current().revision > 0n);
  });

  it("reads anew what was told while its connection was lost, and listens again", async (t) => {
    const instanceId = await newInstance(database);
    const router = await openRouter(t, database, instanceId);
    const context = contextOf(database, instanceId);
    for (let round = 1; round <= 3; round++) {
      assert.ok((await endListening(database)) >= 1);
      // Nobody listens yet: the first way back begins after 100 ms.
      await newTarget(context);
      await current(database, instanceId, router);
      await eventually("it listens", async () => {
        const [row] = await database.query<{ count: bigint }>({
          text: "select count(*) as count from pg_stat_activity where datname = current_database() and query like 'listen%'",
          values: [],
        });
        return row?.count === 1n;
      });
      await newTarget(context);
      await current(database, instanceId, router);
    }
  });

  it("goes on with what it knows while the store cannot be read, tells of it, and catches up", async (t) => {
    const instanceId = await newInstance(database);
    const context = contextOf(database, instanceId);
    const id = await newTarget(context);
    await setExecution(context, condition("request"), [{ target: id }]);
    const errors: unknown[] = [];
    const router = await startLiveRouter(database, instanceId, { pollMs: 50, onError: (error) => errors.push(error) });
    cleanUp(t, () => router.stop());
    const known = router.current();

    const rename = (from: string, to: string) =>
      database.query({ text: `alter table interpose.${from} rename to ${to}`, values: [] });
    await database.transaction(async (tx) => {
      await tx.query({ text: "alter table interpose.executions rename to executions_away", values: [] });
      await tx.query({
        text: "update interpose.instances set revision = revision + 1 where id = $1",
        values: [instanceId],
      });
    });
    await eventually("it tells", () => errors.length > 1);
    assert.match(String(errors[0]), /relation "interpose\.executions" does not exist/);
    await assert.rejects(router.catchUp(known.revision + 1n), /does not exist/, "who waits for it is told too");
    assert.equal(router.current(), known);
    await rename("executions_away", "executions");
    await current(database, instanceId, router);
    assert.equal(router.current().revision, known.revision + 1n);
  });

  it("holds no connection once it is stopped", async () => {
    const instanceId = await newInstance(database);
    const router = await startLiveRouter(database, instanceId, {
      pollMs: 1,
      onError: (error) => assert.fail(String(error)),
    });
    await router.stop();
    const stopped = router.current();
    await newTarget(contextOf(database, instanceId));
    await eventually("its connection is gone", async () => (await endListening(database)) === 0);
    assert.equal(router.current(), stopped);
  });
});
