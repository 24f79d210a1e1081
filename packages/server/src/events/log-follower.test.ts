import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { forSuite } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import type { Database, Queryable } from "../store/database.ts";
import { appendEvents } from "../store/sql/append-events.ts";
import { ensureInstance } from "../store/sql/ensure-instance.ts";
import type { LogFilter } from "../store/sql/log-filter.ts";
import { readLogEnd } from "../store/sql/read-log.ts";
import { createLogFollower, type LogFollower } from "./log-follower.ts";

const INSTANCE = "100000000000000000";
const ALL: LogFilter = { types: [], groups: [], targetId: undefined, executionId: undefined, without: [] };

describe("createLogFollower()", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
    await database.transaction((tx) => ensureInstance(tx, INSTANCE));
  });

  const append = async (db: Queryable, aggregateId: string, type = "thing.happened"): Promise<bigint> => {
    const event = { aggregateType: "thing", aggregateId, type, creator: "test", payload: "{}" };
    const [place] =
      (await appendEvents(db, [event], { instanceId: INSTANCE, revision: 1n << 40n, learnTypes: false })) ?? [];
    return place?.position ?? assert.fail("nothing was appended");
  };
  /** Appends in a transaction, and answers its place and what ends it. */
  const appendOpen = async (aggregateId: string) => {
    const [begun, end] = [Promise.withResolvers<bigint>(), Promise.withResolvers<undefined>()];
    const over = database
      .transaction(async (tx) => {
        begun.resolve(await append(tx, aggregateId));
        await end.promise;
      })
      .catch(() => undefined);
    const position = await begun.promise;
    return {
      position,
      commit: async () => (end.resolve(undefined), await over),
      rollBack: async () => (end.reject(new Error("as asked")), await over),
    };
  };
  const followFromNow = async (filter: Partial<LogFilter> = {}): Promise<LogFollower> => {
    const follower = createLogFollower(database, INSTANCE, { after: undefined, filter: { ...ALL, ...filter } });
    await eventually("the beginning", async () => (await follower.begin()) !== undefined);
    return follower;
  };
  /** All that a few looks find. */
  const found = async (follower: LogFollower): Promise<readonly bigint[]> => {
    const all: bigint[] = [];
    for (let looks = 0; looks < 3; looks++) all.push(...(await follower.look()).found);
    return all;
  };

  it("waits for an earlier place whose transaction is open, and then finds both in their order", async () => {
    const follower = await followFromNow();
    const open = await appendOpen("open");
    const later = await append(database, "later");
    assert.deepEqual(await found(follower), []);
    await open.commit();
    assert.deepEqual(await found(follower), [open.position, later]);
  });

  it("goes on when that transaction was rolled back", async () => {
    const follower = await followFromNow();
    const open = await appendOpen("rolled back");
    const later = await append(database, "later");
    assert.deepEqual(await found(follower), []);
    await open.rollBack();
    assert.deepEqual(await found(follower), [later]);
  });

  it("is not held up by who appends behind a gap that is settled", async () => {
    const follower = await followFromNow();
    await (await appendOpen("rolled back")).rollBack();
    const before = await append(database, "before");
    const open = await appendOpen("open");
    assert.deepEqual(await found(follower), [], "who is noted at the gap may be who fills it");
    await open.commit();
    assert.deepEqual(await found(follower), [before, open.position]);
  });

  it("begins, from now on, once those are over who append at that moment", async () => {
    const open = await appendOpen("open at the beginning");
    await append(database, "another");
    const follower = createLogFollower(database, INSTANCE, { after: undefined, filter: ALL });
    assert.equal(await follower.begin(), undefined);
    assert.equal(await follower.begin(), undefined);
    await open.commit();
    assert.equal(await follower.begin(), (await readLogEnd(database)).last);
  });

  it("finds what matches, and moves on over what does not", async () => {
    const follower = await followFromNow({ types: ["user.added"], groups: ["order"] });
    const all: bigint[] = [];
    for (const type of ["user.added", "user.added.twice", "order.paid", "order.paid.twice", "orders.paid", "order"])
      all.push(await append(database, "any", type));
    assert.deepEqual(await found(follower), [all[0], all[2], all[3]]);
    assert.equal((await follower.look()).position, all.at(-1));
  });

  it("leaves nothing out, and keeps the order of aggregates, while many append, commit and roll back", async () => {
    const { last: after } = await readLogEnd(database);
    const follower = createLogFollower(database, INSTANCE, { after, filter: ALL });
    const committed: bigint[] = [];
    const seen: bigint[] = [];
    const written = new AbortController();
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let i = 0; i < 40; i++) {
        const isKept = (writer + i) % 5 > 0;
        const positions: bigint[] = [];
        await database
          .transaction(async (tx) => {
            positions.push(await append(tx, `a${(writer * 7 + i) % 9}`));
            await setTimeout((writer * i) % 4);
            if (!isKept) throw new Error("as asked");
          })
          .catch(() => undefined);
        if (isKept) committed.push(...positions);
      }
    });
    const reading = (async () => {
      while (!written.signal.aborted) seen.push(...(await follower.look()).found);
      seen.push(...(await found(follower)));
    })();
    await Promise.all(writers);
    written.abort();
    await reading;
    assert.deepEqual(
      seen,
      committed.toSorted((a, b) => Number(a - b)),
    );
    assert.equal(committed.length, 192);
  });
});
