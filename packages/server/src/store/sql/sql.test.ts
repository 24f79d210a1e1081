import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { conditionId, parseConditionId, type Execution, type Target } from "@interpose/engine";
import { forSuite } from "../../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../../test/harness/postgres.ts";
import type { Database, Transaction } from "../database.ts";
import { advanceRevision } from "./advance-revision.ts";
import { appendEvents } from "./append-events.ts";
import type { AppendedEvent, EventToAppend } from "./events-to-append.ts";
import { ensureInstance } from "./ensure-instance.ts";
import { ensureRunKey } from "./ensure-run-key.ts";
import { insertTarget } from "./insert-target.ts";
import { loadChanges } from "./load-changes.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import { lockInstance } from "./lock-instance.ts";
import { readRevision } from "./read-revision.ts";
import { removeTargetFromExecutions } from "./remove-target-from-executions.ts";
import { searchExecutions, type ExecutionFilter } from "./search-executions.ts";
import { searchTargets, type TargetFilter, type TargetSearch } from "./search-targets.ts";
import { selectIncludeGraph } from "./select-include-graph.ts";
import { upsertExecution } from "./upsert-execution.ts";

const INSTANCE = "100000000000000000";
const details = (sequence = 1n, changedAt = new Date(1_000)) => ({ sequence, changedAt, resourceOwner: INSTANCE });

function target(id: string, given: Partial<Target> = {}): Target {
  return {
    id,
    name: `target ${id}`,
    type: "webhook",
    endpoint: "https://example.com",
    timeoutMs: 1_000,
    interruptOnError: true,
    dialect: "v3alpha",
    ...given,
  };
}

function execution(id: string, entries: readonly string[]): Execution {
  const condition = (text: string) => parseConditionId(text) ?? assert.fail(text);
  return {
    condition: condition(id),
    entries: entries.map((entry) => (/^\d+$/.test(entry) ? { target: entry } : { include: condition(entry) })),
  };
}

function event(aggregateId: string, given: Partial<EventToAppend> = {}): EventToAppend {
  return {
    aggregateType: "target",
    aggregateId,
    type: "target.changed",
    creator: "test",
    payload: "{}",
    ...given,
  };
}

/** Appends what nothing stands in the way of. */
async function append(tx: Transaction, events: readonly EventToAppend[]): Promise<readonly AppendedEvent[]> {
  const { revision } = await readRevision(tx, INSTANCE);
  return (
    (await appendEvents(tx, events, { instanceId: INSTANCE, revision, learnTypes: false })) ??
    assert.fail("nothing was appended")
  );
}

describe("ensureRunKey()", () => {
  const suite = forSuite();

  it("answers one key to all who ask, also where many would make it at once", async () => {
    const database = await openTestDatabase(suite);
    await database.transaction((tx) => ensureInstance(tx, INSTANCE));
    const candidates = Array.from({ length: 8 }, (_, i) => new Uint8Array(32).fill(i + 1));
    const keys = await Promise.all(candidates.map((candidate) => ensureRunKey(database, INSTANCE, candidate)));
    assert.equal(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size, 1);
    assert.ok(candidates.some((candidate) => Buffer.from(candidate).equals(keys[0] ?? Buffer.alloc(0))));
    assert.deepEqual(await ensureRunKey(database, INSTANCE, new Uint8Array(32).fill(99)), keys[0]);
  });

  it("refuses a key of another length", async () => {
    const database = await openTestDatabase(suite);
    await database.transaction((tx) => ensureInstance(tx, INSTANCE));
    await assert.rejects(ensureRunKey(database, INSTANCE, new Uint8Array(16)));
  });
});

describe("appendEvents()", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
    await database.transaction((tx) => ensureInstance(tx, INSTANCE));
  });

  it("counts each aggregate's sequence from 1, in the order given", async () => {
    const appended = await database.transaction((tx) =>
      append(tx, [event("a"), event("b"), event("a"), event("a", { aggregateType: "execution" })]),
    );
    assert.deepEqual(
      appended.map(({ sequence }) => sequence),
      [1n, 1n, 2n, 1n],
    );
    const positions = appended.map(({ position }) => position);
    assert.deepEqual(
      positions,
      [...positions].sort((a, b) => Number(a - b)),
    );
    const [next] = await database.transaction((tx) => append(tx, [event("a")]));
    assert.equal(next?.sequence, 3n);
  });

  it("forks no sequence under concurrent writers, and leaves no gap by those that fail", async () => {
    const writers = Array.from({ length: 8 }, (_, writer) => async () => {
      for (let i = 0; i < 25; i++) {
        await database
          .transaction(async (tx) => {
            await append(tx, writer % 2 === 0 ? [event("hot"), event("hot2")] : [event("hot2"), event("hot")]);
            if (i % 5 === 4) throw new Error("changed my mind");
          })
          .catch((error: Error) => assert.equal(error.message, "changed my mind"));
      }
    });
    await Promise.all(writers.map((write) => write()));
    for (const id of ["hot", "hot2"]) {
      const rows = await database.query<{ sequence: bigint }>({
        text: "select sequence from interpose.events where aggregate_id = $1 order by position",
        values: [id],
      });
      assert.deepEqual(
        rows.map(({ sequence }) => sequence),
        Array.from({ length: 160 }, (_, i) => BigInt(i + 1)),
      );
    }
  });

  it("keeps what it is given, and lets nobody change it", async () => {
    const payload = { text: "ü\"'\\", list: [1, { a: null }] };
    await database.transaction((tx) =>
      append(tx, [event("kept", { type: "target.added", creator: "me", payload: JSON.stringify(payload) })]),
    );
    const [row] = await database.query({
      text: "select type, creator, payload from interpose.events where aggregate_id = 'kept'",
      values: [],
    });
    assert.deepEqual(row, { type: "target.added", creator: "me", payload });
    for (const text of [
      "update interpose.events set type = 'x'",
      "delete from interpose.events",
      "truncate interpose.events",
    ]) {
      await assert.rejects(database.query({ text, values: [] }), /appended, never changed/);
    }
  });
});

describe("the state tables", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
    await database.transaction(async (tx) => {
      await ensureInstance(tx, INSTANCE);
      await insertTarget(
        tx,
        INSTANCE,
        target("9", { name: "Alpha 100%", timeoutMs: 0.5, type: "async", interruptOnError: false }),
        details(1n, new Date(3_000)),
      );
      await insertTarget(
        tx,
        INSTANCE,
        target("10", { name: "beta_x", endpoint: "https://a.example.com", dialect: "v2", replyMode: "patch" }),
        details(1n, new Date(2_000)),
      );
      await insertTarget(
        tx,
        INSTANCE,
        target("200", { name: "ÄRGER", timeoutMs: 1e15, type: "call" }),
        details(1n, new Date(1_000)),
      );
      await upsertExecution(tx, INSTANCE, execution("request", ["9", "10", "200"]), details());
      await upsertExecution(tx, INSTANCE, execution("request/a.B/C", ["10", "event/x.*"]), details());
      await upsertExecution(tx, INSTANCE, execution("event/x.*", ["10"]), details());
      await upsertExecution(tx, INSTANCE, execution("event", ["request"]), details());
    });
  });

  const names = async (search: Partial<TargetSearch>): Promise<readonly string[]> => {
    const { targets } = await searchTargets(database, INSTANCE, {
      filters: [],
      sortBy: "id",
      ascending: true,
      offset: 0n,
      limit: 0,
      ...search,
    });
    return targets.map(({ id }) => id);
  };
  const byName = (
    text: string,
    method: "equals" | "startsWith" | "contains" | "endsWith",
    ignoreCase = false,
  ): TargetFilter => ({ kind: "name", text, method, ignoreCase });

  const filters: readonly [name: string, filter: TargetFilter, ids: readonly string[]][] = [
    ["an equal name", byName("beta_x", "equals"), ["10"]],
    ["an equal name in another case", byName("ärger", "equals", true), ["200"]],
    ["no name in another case", byName("ärger", "equals"), []],
    ["a beginning", byName("Alpha", "startsWith"), ["9"]],
    ["a beginning in another case", byName("BETA", "startsWith", true), ["10"]],
    ["a part with a percent sign in it", byName("0%", "contains"), ["9"]],
    ["an underscore as an underscore", byName("_", "contains"), ["10"]],
    ["an end", byName("GER", "endsWith"), ["200"]],
    ["an end in another case", byName("ger", "endsWith", true), ["200"]],
    ["everything by an empty text", byName("", "contains"), ["9", "10", "200"]],
    ["everything that ends with nothing", byName("", "endsWith"), ["9", "10", "200"]],
    ["ids", { kind: "ids", ids: ["10", "9", "404"] }, ["9", "10"]],
    ["nothing by no ids", { kind: "ids", ids: [] }, []],
  ];
  for (const [name, filter, ids] of filters)
    it(`finds targets by ${name}`, async () => assert.deepEqual(await names({ filters: [filter] }), ids));

  it("finds targets that fulfil all filters", async () => {
    assert.deepEqual(await names({ filters: [{ kind: "ids", ids: ["9", "10"] }, byName("beta", "startsWith")] }), [
      "10",
    ]);
  });

  const orders: readonly [sortBy: TargetSearch["sortBy"], ids: readonly string[]][] = [
    ["id", ["9", "10", "200"]],
    ["creationDate", ["200", "10", "9"]],
    ["changeDate", ["200", "10", "9"]],
    ["name", ["9", "10", "200"]],
    ["type", ["9", "200", "10"]],
    ["url", ["10", "9", "200"]],
    ["timeout", ["9", "10", "200"]],
    ["interruptOnError", ["9", "10", "200"]],
  ];
  for (const [sortBy, ids] of orders) {
    it(`sorts targets by ${sortBy}, both ways`, async () => {
      assert.deepEqual(await names({ sortBy }), ids);
      assert.deepEqual(await names({ sortBy, ascending: false }), [...ids].reverse());
    });
  }

  it("answers pages, and the true total behind the last one too", async () => {
    assert.deepEqual(await names({ offset: 1n, limit: 1 }), ["10"]);
    const { total, targets } = await searchTargets(database, INSTANCE, {
      filters: [],
      sortBy: "id",
      ascending: true,
      offset: 2n ** 64n - 1n,
      limit: 5,
    });
    assert.deepEqual([total, targets], [3, []]);
  });

  it("gives a target back as it was", async () => {
    const { targets } = await searchTargets(database, INSTANCE, {
      filters: [{ kind: "ids", ids: ["10"] }],
      sortBy: "id",
      ascending: true,
      offset: 0n,
      limit: 0,
    });
    const expected = {
      ...target("10", { name: "beta_x", endpoint: "https://a.example.com", dialect: "v2", replyMode: "patch" }),
      details: details(1n, new Date(2_000)),
      createdAt: new Date(2_000),
    };
    assert.deepEqual(targets, [expected]);
  });

  const executionFilters: readonly [name: string, filters: readonly ExecutionFilter[], ids: readonly string[]][] = [
    ["nothing", [], ["event", "event/x.*", "request", "request/a.B/C"]],
    ["ids", [{ kind: "ids", ids: ["request", "nope"] }], ["request"]],
    ["kind", [{ kind: "type", type: "event" }], ["event", "event/x.*"]],
    ["target", [{ kind: "target", id: "10" }], ["event/x.*", "request", "request/a.B/C"]],
    ["include", [{ kind: "include", id: "event/x.*" }], ["request/a.B/C"]],
    ["what they call", [{ kind: "calls", id: "10" }], ["event", "event/x.*", "request", "request/a.B/C"]],
    ["what none of them calls", [{ kind: "calls", id: "404" }], []],
    [
      "all of them",
      [
        { kind: "target", id: "10" },
        { kind: "type", type: "request" },
      ],
      ["request", "request/a.B/C"],
    ],
  ];
  const ALL = { filters: [], sortBy: "id", ascending: true, offset: 0n, limit: 0 } as const;
  for (const [name, given, ids] of executionFilters) {
    it(`finds executions by ${name}, sorted by id`, async () => {
      const { executions } = await searchExecutions(database, INSTANCE, { ...ALL, filters: given });
      assert.deepEqual(
        executions.map(({ id }) => id),
        ids,
      );
    });
  }

  it("reads includes as a graph", async () => {
    const graph = await selectIncludeGraph(database, INSTANCE);
    assert.deepEqual([...graph.keys()], ["event", "request/a.B/C"]);
  });

  it("closes the lists up that lose a target, and names those that are empty", async (t) => {
    const rollback = new Error("rollback");
    await assert.rejects(
      database.transaction(async (tx) => {
        assert.deepEqual(await removeTargetFromExecutions(tx, INSTANCE, "10"), {
          touched: ["event/x.*", "request", "request/a.B/C"],
          emptied: ["event/x.*"],
        });
        const rows = await tx.query({
          text: "select execution_id, position, coalesce(target_id, include_id) as entry from interpose.execution_entries order by 1, 2",
          values: [],
        });
        assert.deepEqual(rows, [
          { execution_id: "event", position: 0, entry: "request" },
          { execution_id: "request", position: 0, entry: "9" },
          { execution_id: "request", position: 1, entry: "200" },
          { execution_id: "request/a.B/C", position: 0, entry: "event/x.*" },
        ]);
        throw rollback;
      }),
      rollback,
    );
    t.diagnostic("rolled back");
  });

  it("refuses what cannot be stored as the client's fault", async () => {
    await assert.rejects(names({ filters: [byName("a\u0000b", "equals")] }), /cannot be stored/);
  });
});

describe("loadChanges()", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
    await database.transaction((tx) => ensureInstance(tx, INSTANCE));
  });

  /** A management write: locked, with its events and the revision that they lead to. */
  const write = async (
    events: readonly EventToAppend[],
    work: (tx: Transaction) => Promise<unknown>,
  ): Promise<void> => {
    await database.transaction(async (tx) => {
      await lockInstance(tx, INSTANCE);
      const last = (await append(tx, events)).at(-1) ?? assert.fail();
      await work(tx);
      await advanceRevision(tx, INSTANCE, last.position, last.createdAt);
    });
  };

  it("tells what changed and what is gone, and nothing else", async () => {
    await write([event("1"), event("2")], async (tx) => {
      await insertTarget(tx, INSTANCE, target("1"), details());
      await insertTarget(tx, INSTANCE, target("2"), details());
    });
    const { revision } = await loadSnapshot(database, INSTANCE);
    assert.equal(revision, (await readRevision(database, INSTANCE)).revision);
    await write([event("event", { aggregateType: "execution" })], (tx) =>
      upsertExecution(tx, INSTANCE, execution("event", ["1", "2"]), details()),
    );
    const set = await loadChanges(database, INSTANCE, revision);
    assert.deepEqual(
      [set.targets.length, set.executions.map(({ condition }) => conditionId(condition)), set.removedTargetIds],
      [0, ["event"], []],
    );

    await write(
      [event("1", { type: "target.removed", payload: JSON.stringify({ executions: ["event"] }) })],
      async (tx) => {
        await removeTargetFromExecutions(tx, INSTANCE, "1");
        await tx.query({ text: "delete from interpose.targets where id = '1'", values: [] });
      },
    );
    const removed = await loadChanges(database, INSTANCE, set.revision);
    assert.deepEqual(removed.removedTargetIds, ["1"]);
    assert.deepEqual(removed.executions[0]?.entries, [{ target: "2" }], "the execution that lost it comes along");
    assert.deepEqual(await loadChanges(database, INSTANCE, removed.revision), {
      revision: removed.revision,
      targets: [],
      executions: [],
      removedTargetIds: [],
      removedExecutionIds: [],
      keys: undefined,
    });
  });
});
