import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { cleanUp } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { startTcpPostgres } from "../../test/harness/tcp-postgres.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { createDatabase } from "./database.ts";

describe("Database", () => {
  it("begins a transaction anew when another was in its way", async (t) => {
    const database = await openTestDatabase(t);
    await database.query({ text: "create table counters (id int primary key, n int)", values: [] });
    await database.query({ text: "insert into counters values (1, 0), (2, 0)", values: [] });
    // Each pair locks its two rows in the opposite order: some deadlock for sure.
    const add = (ids: readonly number[]) =>
      database.transaction(async (tx) => {
        for (const id of ids) {
          await tx.query({ text: "update counters set n = n + 1 where id = $1", values: [id] });
          await tx.query({ text: "select pg_sleep(0.02)", values: [] });
        }
      });
    await Promise.all([add([1, 2]), add([2, 1]), add([1, 2])]);
    assert.deepEqual(await database.query({ text: "select n from counters order by id", values: [] }), [
      { n: 3 },
      { n: 3 },
    ]);
  });

  it("rolls back what throws", async (t) => {
    const database = await openTestDatabase(t);
    await database.query({ text: "create table things (n int)", values: [] });
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.query({ text: "insert into things values (1)", values: [] });
        throw new Error("no");
      }),
      /no/,
    );
    assert.deepEqual(await database.query({ text: "select * from things", values: [] }), []);
  });

  it("sees one state within a snapshot read", async (t) => {
    const database = await openTestDatabase(t);
    await database.query({ text: "create table things (n int)", values: [] });
    await database.snapshotRead(async (tx) => {
      const count = async () =>
        (await tx.query<{ n: bigint }>({ text: "select count(*) as n from things", values: [] }))[0]?.n;
      assert.equal(await count(), 0n);
      await database.query({ text: "insert into things values (1)", values: [] });
      assert.equal(await count(), 0n);
    });
  });

  it("says that the store cannot be reached, without its password", async () => {
    const database = createDatabase({ url: "postgresql://user:secret@127.0.0.1:1/none" });
    const failure: unknown = await database.query({ text: "select 1", values: [] }).catch((error: unknown) => error);
    assert.ok(failure instanceof InterposeError);
    assert.equal(failure.reason, "store_unavailable");
    assert.ok(!failure.message.includes("secret"));
    await database.close();
  });

  it("outlives a PostgreSQL that is killed while it is asked, and asks the next one", async (t) => {
    const postgres = await startTcpPostgres();
    cleanUp(t, () => void process.kill(postgres.pid(), "SIGKILL"));
    const database = createDatabase({ url: postgres.urlOf("postgres") });
    cleanUp(t, () => database.close());
    let isOver = false;
    let answered = 0;
    const ask = async (): Promise<void> => {
      const sleep = { text: "select pg_sleep(random() / 200)", values: [] };
      while (!isOver) {
        const done = Math.random() < 0.5 ? database.query(sleep) : database.transaction((tx) => tx.query(sleep));
        // Failures are expected. What nobody could catch would fail this test by itself.
        await done.then(
          () => answered++,
          () => new Promise((resolve) => setTimeout(resolve, 5)),
        );
      }
    };
    const asking = Promise.all(Array.from({ length: 20 }, ask));
    for (let round = 0; round < 4; round++) {
      const before = answered;
      await eventually("it answers", () => answered > before + 20);
      await postgres.restart("SIGKILL");
    }
    const before = answered;
    await eventually("it answers again", () => answered > before);
    isOver = true;
    await asking;
  });

  it("listens again after its connection was lost, and says so", async (t) => {
    const database = await openTestDatabase(t);
    const heard: string[] = [];
    let established = 0;
    const subscription = await database.listen(
      "things",
      (payload) => heard.push(payload),
      () => established++,
    );
    await database.query({ text: "select pg_notify('things', 'one')", values: [] });
    await eventually("the first notification", () => heard.length === 1);
    await database.query({
      text: "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'",
      values: [],
    });
    await eventually("the connection is back", () => established === 1);
    await database.query({ text: "select pg_notify('things', 'two')", values: [] });
    await eventually("the second notification", () => heard.length === 2);
    await subscription.stop();
    assert.deepEqual(heard, ["one", "two"]);
  });
});
