import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createDatabase, type Database } from "../src/store/database.ts";
import { connectionTo, embeddedPaths } from "../src/store/embedded/paths.ts";
import { eventually } from "./harness/eventually.ts";
import { temporaryDirectory, startServer, type TestServer } from "./harness/server.ts";
import { expectCalls } from "./harness/api.ts";
import { startTarget } from "./harness/target.ts";
import { testDatabaseUrl } from "./harness/postgres.ts";
import { createRandom } from "./harness/random.ts";
import { applied, createWriter, readStates, stateText, writeUntilKilled, type Writer } from "./harness/write-load.ts";

const ROUNDS = 20;
const WRITES = 1_000;
const WRITERS = 8;
/** A server is killed at random once it has acknowledged so many at most. */
const MOST_WRITES_BEFORE = 60;

describe("a server that is killed while it writes", () => {
  it(`keeps every acknowledged write, ${ROUNDS} times over`, async (t) => {
    const dataDir = await temporaryDirectory(t);
    const databaseUrl = await testDatabaseUrl(t);
    const hook = await startTarget(t);
    const endpoint = hook.url.replace(/\/$/, "");
    const random = createRandom(42).next;
    let server = await startServer(t, { dataDir, databaseUrl });
    const { body } = await server.request("GET", "/v3alpha/executions/methods");
    // A stream is asked for in another way than the one in which this test asks.
    const methods = (body.methods as string[]).filter((method) => !/^\/grpc\.|\/(Watch|Rehearse)/.test(method));
    const writers = Array.from({ length: WRITERS }, (_, i) =>
      createWriter(`w${i}`, [
        ...methods.filter((_method, m) => m % WRITERS === i).map((method) => JSON.stringify({ request: { method } })),
        JSON.stringify({ event: { event: `event.${i}` } }),
        JSON.stringify({ event: { group: `group.${i}` } }),
      ]),
    );

    let total = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      // However slow the machine is, it is in the midst of writing.
      let missing = Math.ceil(random() * MOST_WRITES_BEFORE);
      const midst = Promise.withResolvers<undefined>();
      const onAcknowledged = (): void => {
        if (--missing === 0) midst.resolve(undefined);
      };
      const load = { server, endpoint, random, onAcknowledged };
      const writing = Promise.all(writers.map((writer) => writeUntilKilled(load, writer, WRITES / WRITERS)));
      await Promise.race([midst.promise, writing]);
      const postgres = databaseUrl === undefined ? await postgresPid(dataDir) : undefined;
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
      // Embedded: in two rounds of three PostgreSQL dies too, before the server or after it.
      if (postgres !== undefined && round % 3 === 1) process.kill(postgres, "SIGKILL");
      await server.kill();
      if (postgres !== undefined && round % 3 === 2) process.kill(postgres, "SIGKILL");
      total += (await writing).reduce((sum, count) => sum + count, 0);

      server = await startServer(t, { dataDir, databaseUrl });
      await checkStates(server, writers, round);
      await checkRouter(server, writers, hook.calls);
    }
    t.diagnostic(`${total} writes acknowledged`);
    assert.ok(total > ROUNDS * 20, `only ${total} writes were acknowledged: the server was killed too early to tell`);
    const database = createDatabase(
      databaseUrl === undefined ? await connectionTo(embeddedPaths(dataDir)) : { url: databaseUrl },
    );
    await checkSequences(database, total);
    await database.close();
    assert.equal(await server.stop(), 0);
  });
});

async function postgresPid(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n")[0]);
}

/** What is stored is what was acknowledged, and beyond it at most the one write of each writer that was under way. */
async function checkStates(server: TestServer, writers: readonly Writer[], round: number): Promise<void> {
  const states = await readStates(server, writers);
  for (const writer of writers) {
    const stored = states.get(writer) ?? assert.fail();
    const possible = [writer.state, ...(writer.inDoubt ? [applied(writer.state, writer.inDoubt)] : [])].map(stateText);
    assert.ok(
      possible.includes(stateText(stored)),
      `round ${round}, ${writer.prefix}: stored ${stateText(stored)}, possible ${possible.join(" or ")}`,
    );
    writer.state = stored;
    writer.inDoubt = undefined;
  }
}

/** Each method calls the targets that its stored execution names, and those whose execution is gone call none. */
async function checkRouter(server: TestServer, writers: readonly Writer[], calls: { path: string }[]): Promise<void> {
  await expectCalls(server);
  for (const writer of writers) {
    for (const condition of writer.conditions) {
      const method = (JSON.parse(condition) as { request?: { method: string } }).request?.method;
      if (method === undefined) continue;
      calls.length = 0;
      // Whatever the call itself comes to: request targets are called before it is validated.
      await server.request("POST", method, {});
      const names = writer.state.executions.get(condition) ?? [];
      await eventually("the targets are called", () => calls.length >= names.length);
      assert.deepEqual(
        calls.map(({ path }) => path),
        names.map((name) => writer.state.targets.get(name)),
        `what ${method} calls`,
      );
    }
  }
}

/** No aggregate's sequence has a gap or a duplicate, and each says how far it has come. */
async function checkSequences(database: Database, acknowledged: number): Promise<void> {
  const broken = await database.query({
    text: `select e.aggregate_type, e.aggregate_id, count(*), min(e.sequence), max(e.sequence), a.sequence
           from interpose.events e
           join interpose.aggregates a on (a.instance_id, a.type, a.id) = (e.instance_id, e.aggregate_type, e.aggregate_id)
           group by e.aggregate_type, e.aggregate_id, a.sequence
           having count(*) <> max(e.sequence) or count(distinct e.sequence) <> count(*) or min(e.sequence) <> 1 or a.sequence <> max(e.sequence)`,
    values: [],
  });
  assert.deepEqual(broken, []);
  const [row] = await database.query<{ events: bigint }>({
    text: "select count(*) as events from interpose.events",
    values: [],
  });
  assert.ok((row?.events ?? 0n) > BigInt(acknowledged) / 2n, "what is checked is there");
}
