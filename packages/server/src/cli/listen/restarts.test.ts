// interpose listen, while its server is stopped and killed again and again under load.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { verify } from "@interpose/receiver";
import { newDatabaseUrl } from "../../../test/harness/postgres.ts";
import { createRandom } from "../../../test/harness/random.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { serve } from "../../../test/harness/serve.ts";
import {
  ADMIN_TOKEN,
  startInterpose,
  startServer,
  temporaryDirectory,
  type TestServer,
} from "../../../test/harness/server.ts";

const RESTARTS = Number(process.env.INTERPOSE_TEST_RESTARTS ?? 50);
const EVENTS_PER_SECOND = 100;
const AGGREGATES = 12;
/** Publications at once. */
const MOST_PUBLISHING = 24;
const SECRET = "the secret of this test";
/** However slow the machine is. */
const PATIENCE_MS = 60_000;

describe("interpose listen", () => {
  const minutes = 10;
  it(
    `has each event at least once, in order for each aggregate, through ${RESTARTS} restarts of its server under ${EVENTS_PER_SECOND} events a second`,
    { timeout: minutes * 60_000 },
    async (t) => {
      const [databaseUrl, dataDir, port] = [await newDatabaseUrl(t), await temporaryDirectory(t), await freePort()];
      const start = (): Promise<TestServer> =>
        startServer(t, { databaseUrl, dataDir, env: { INTERPOSE_PORT: String(port), INTERPOSE_LOG_LEVEL: "warn" } });
      let server = await start();
      // Another server of the same database goes on, so that events keep coming while the one that is listened to is away.
      const other = await startServer(t, { databaseUrl, env: { INTERPOSE_LOG_LEVEL: "warn" } });

      /** By aggregate: the sequences in the order in which they first came. */
      const arrived = new Map<string, number[]>();
      let forwards = 0;
      const receiver = await serve(t, async (request, response) => {
        const body = await buffer(request);
        await verify(request.headers, body, SECRET);
        const { aggregateID, sequence } = JSON.parse(body.toString()) as { aggregateID: string; sequence: number };
        const sequences = arrived.get(aggregateID) ?? [];
        arrived.set(aggregateID, sequences);
        if (!sequences.includes(sequence)) sequences.push(sequence);
        forwards++;
        response.end();
      });
      const secretFile = join(dataDir, "secret");
      await writeFile(secretFile, SECRET);
      const listener = startInterpose(
        t,
        ["listen", "--event", "load.*", "--forward", receiver, "--secret-file", secretFile, "--group", "test"],
        { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN, XDG_STATE_HOME: dataDir },
      );
      /** How often the listener has said something of its connection. */
      const said = (text: RegExp): number =>
        listener
          .stderr()
          .split("\n")
          .filter((line) => text.test(line)).length;
      await eventually("it is connected", () => said(/^connected to /) === 1, PATIENCE_MS);

      const publisher = startPublisher(other.url);
      const random = createRandom(7).next;
      for (let restart = 1; restart <= RESTARTS; restart++) {
        await setTimeout(random() * 300);
        if (restart % 2 === 0) await server.kill();
        else assert.equal(await server.stop(), 0);
        await eventually(
          "it says that the connection is lost",
          () => said(/^lost the connection: /) === restart,
          PATIENCE_MS,
        );
        assert.equal(said(/^connected again, /), restart - 1, "it does not say that it is connected while it is not");
        server = await start();
        await eventually("it is connected again", () => said(/^connected again, /) === restart, PATIENCE_MS);
      }
      const { acknowledged, seconds } = await publisher.stop();
      const count = [...acknowledged.values()].reduce((sum, sequences) => sum + sequences.size, 0);
      const missing = (): readonly string[] =>
        [...acknowledged].flatMap(([aggregate, sequences]) =>
          [...sequences]
            .filter((sequence) => !arrived.get(aggregate)?.includes(sequence))
            .map((s) => `${aggregate} #${s}`),
        );
      await eventually("everything has arrived", () => missing().length === 0, PATIENCE_MS).catch(() => undefined);
      assert.deepEqual(missing(), []);
      for (const [aggregate, sequences] of arrived) {
        assert.deepEqual(
          sequences,
          sequences.toSorted((a, b) => a - b),
          `the order of ${aggregate}`,
        );
        assert.equal(sequences.length, sequences.at(-1), `${aggregate} without a gap`);
      }
      assert.equal(await listener.stop(), 0);
      assert.match(listener.stderr(), new RegExp(`\\nstopped: ${forwards} forwarded, 0 left out, 0 on the way`));
      t.diagnostic(
        `${count} events acknowledged in ${seconds.toFixed(0)} s, ${forwards} forwards, ${publisher.retries()} publications repeated`,
      );
      assert.ok(count > seconds * EVENTS_PER_SECOND * 0.9, `only ${count} events were published in ${seconds} s`);
    },
  );
});

/** Publishes at a steady rate, each event until it is acknowledged. Ends with what was, by aggregate. */
function startPublisher(url: string): {
  retries(): number;
  stop(): Promise<{ readonly acknowledged: ReadonlyMap<string, ReadonlySet<number>>; readonly seconds: number }>;
} {
  const acknowledged = new Map<string, Set<number>>();
  const stopped = new AbortController();
  const going = new Set<Promise<void>>();
  let retries = 0;
  async function publish(i: number): Promise<void> {
    const aggregateId = `a${i % AGGREGATES}`;
    const event = {
      type: `load.kind${i % 3}`,
      aggregateType: "load",
      aggregateId,
      payload: { i },
      idempotencyKey: `key ${i}`,
    };
    for (;;) {
      try {
        const response = await fetch(`${url}/v1/events:publish`, {
          method: "POST",
          headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
          body: JSON.stringify(event),
          signal: AbortSignal.timeout(10_000),
        });
        if (response.ok) {
          const { sequence } = (await response.json()) as { sequence: string };
          const sequences = acknowledged.get(aggregateId) ?? new Set();
          acknowledged.set(aggregateId, sequences.add(Number(sequence)));
          return;
        }
        await response.body?.cancel();
      } catch {
        // The server is away, or went away before it answered.
      }
      retries++;
      await setTimeout(400);
    }
  }
  const began = performance.now();
  const publishing = (async () => {
    for (let i = 0; !stopped.signal.aborted;) {
      // What was not published in time follows.
      for (; going.size < MOST_PUBLISHING && i < ((performance.now() - began) / 1000) * EVENTS_PER_SECOND; i++) {
        const publication = publish(i);
        going.add(publication);
        void publication.finally(() => going.delete(publication));
      }
      await setTimeout(10);
    }
    await Promise.all(going);
  })();
  return {
    retries: () => retries,
    async stop() {
      stopped.abort();
      await publishing;
      return { acknowledged, seconds: (performance.now() - began) / 1_000 };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
