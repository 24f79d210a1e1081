import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  DeliveryService,
  DeliveryState,
  type WatchDeliveriesResponse,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { createDatabase, type Database } from "../src/store/database.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { appendForTest, instanceOf, planOf, setDelivery, targetOfNobody } from "./harness/recorded-deliveries.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

/** A stream that is followed, and what came of it. */
interface Following {
  /** Each delivery that came, as "id state". */
  readonly came: string[];
  error: ConnectError | undefined;
  stop(): void;
}

describe("WatchDeliveries", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let instanceId: string;
  before(async () => {
    const databaseUrl = await newDatabaseUrl(suite);
    server = await startServer(suite, { databaseUrl });
    database = createDatabase({ url: databaseUrl });
    cleanUp(suite, () => database.close());
    instanceId = await instanceOf(database);
  });

  const newTarget = async (): Promise<string> => {
    const id = await targetOfNobody(database, instanceId);
    const answer = await server.request("POST", `/v1/targets/${id}:pause`, {});
    assert.equal(answer.status, 200);
    return id;
  };
  const append = async (targetId: string, aggregateId = "1"): Promise<string> => {
    const [id = ""] = await appendForTest(database, instanceId, planOf([{ targetId }]), { aggregateId });
    return id;
  };
  const client = (transport: TransportName = "gRPC over HTTP/2") =>
    createClient(
      DeliveryService,
      TRANSPORTS[transport](server.url, [
        (next) => (request) => {
          request.header.set("authorization", `Bearer ${ADMIN_TOKEN}`);
          return next(request);
        },
      ]),
    );

  /** Follows until the test is over, and answers when it has begun. */
  async function follow(
    t: Cleanup,
    request: Parameters<ReturnType<typeof client>["watchDeliveries"]>[0],
    transport?: TransportName,
  ): Promise<Following> {
    const abort = new AbortController();
    const following: Following = { came: [], error: undefined, stop: () => abort.abort() };
    cleanUp(t, following.stop);
    let begun = false;
    const read = async (messages: AsyncIterable<WatchDeliveriesResponse>): Promise<void> => {
      for await (const { delivery } of messages) {
        if (delivery) following.came.push(`${delivery.id} ${DeliveryState[delivery.state]}`);
        else begun = true;
      }
    };
    void read(client(transport).watchDeliveries(request, { signal: abort.signal })).catch(
      (error: unknown) => (following.error = ConnectError.from(error)),
    );
    await eventually("the beginning", () => begun || following.error !== undefined);
    return following;
  }

  for (const transport of ["gRPC over HTTP/2", "gRPC-Web over HTTP/1.1", "Connect with JSON over HTTP/1.1"] as const) {
    it(`tells of a delivery when it is created, attempted and over: ${transport}`, async (t) => {
      const targetId = await newTarget();
      await append(targetId);
      const { came } = await follow(t, { targetId }, transport);
      const id = await append(targetId);
      await eventually("what is created", () => came.includes(`${id} HELD`));
      await setDelivery(database, id, "attempts = 1, failures = 1, due_at = now() + interval '5 s'");
      await eventually("what is attempted", () => came.length === 2);
      await setDelivery(database, id, "claimed_by = 'w', claimed_at = now()");
      await eventually("what is being attempted", () => came.includes(`${id} RUNNING`));
      await setDelivery(database, id, "state = 'succeeded', claimed_by = null, claimed_at = null, ended_at = now()");
      await eventually("what is over", () => came.includes(`${id} SUCCEEDED`));
      const other = await append(targetId);
      await eventually("another one", () => came.includes(`${other} HELD`));
      assert.deepEqual(came, [`${id} HELD`, `${id} HELD`, `${id} RUNNING`, `${id} SUCCEEDED`, `${other} HELD`]);
    });
  }

  it("tells of what matches alone", async (t) => {
    const [targetId, other] = [await newTarget(), await newTarget()];
    const request = { targetId, states: [DeliveryState.DEAD], aggregateType: "user", aggregateId: "watched" };
    const { came } = await follow(t, request);
    const die = (id: string): Promise<void> => setDelivery(database, id, "state = 'dead', ended_at = now()");
    for (const id of [await append(targetId, "another"), await append(other, "watched")]) await die(id);
    const id = await append(targetId, "watched");
    await die(id);
    await eventually("what matches", () => came.length > 0);
    assert.deepEqual(came, [`${id} DEAD`]);
  });

  it("tells of what was there before when it changes, and of nothing that does not", async (t) => {
    const targetId = await newTarget();
    const [open, over, late] = [await append(targetId), await append(targetId), await append(targetId)];
    await setDelivery(database, over, "state = 'dead', ended_at = now()");
    await setDelivery(database, late, "state = 'dead', ended_at = now() - interval '1 day'");
    const { came } = await follow(t, { targetId });
    await setDelivery(database, open, "state = 'cancelled', ended_at = now()");
    await eventually("the change", () => came.length > 0);
    assert.equal((await server.request("POST", `/v1/deliveries/${over}:redeliver`, {})).status, 200);
    await eventually("the one that goes again", () => came.length > 1);
    await setDelivery(database, late, "ended_at = now(), attempts = 2");
    await eventually("the one that was over long ago, and is again", () => came.length > 2);
    assert.deepEqual(came, [`${open} CANCELLED`, `${over} HELD`, `${late} DEAD`]);
  });

  it("tells of what is committed late, behind others", async (t) => {
    const targetId = await newTarget();
    const { came } = await follow(t, { targetId });
    let early = "";
    await database.transaction(async (tx) => {
      const rows = await tx.query<{ id: bigint }>({
        text: `insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, state, due_at, created_at)
               values ($1, 1, 'event', 0, $2, 0, 'waiting', now(), now()) returning id`,
        values: [instanceId, targetId],
      });
      early = String(rows[0]?.id);
      const late = await append(targetId);
      await eventually("the later one", () => came.includes(`${late} HELD`));
    });
    await eventually("the earlier one", () => came.includes(`${early} HELD`));
    assert.equal(came.length, 2);
  });

  it("tells of thousands at once, each once", async (t) => {
    const targetId = await newTarget();
    const { came } = await follow(t, { targetId });
    await database.query({
      text: `insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, state, due_at, created_at, ended_at)
             select $1, 1, 'event', 0, $2, 0, 'succeeded', now(), now(), now() from generate_series(1, 12000)`,
      values: [instanceId, targetId],
    });
    await eventually("all of them", () => came.length >= 12_000, 30_000);
    const last = await append(targetId);
    await eventually("one more", () => came.includes(`${last} HELD`));
    assert.equal(came.length, 12_001);
    assert.equal(new Set(came).size, 12_001);
  });

  it("answers over REST, a message in a line", async (t) => {
    const targetId = await newTarget();
    const abort = new AbortController();
    cleanUp(t, () => abort.abort());
    const response = await fetch(`${server.url}/v1/deliveries:watch?targetId=${targetId}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, accept: "application/x-ndjson" },
      signal: abort.signal,
    });
    assert.equal(response.status, 200);
    assert.ok(response.body);
    const lines = createInterface({ input: Readable.fromWeb(response.body) });
    const came: unknown[] = [];
    lines.on("line", (line) => void came.push(JSON.parse(line)));
    // Reading ends with an error when the test lets go.
    lines.on("error", () => undefined);
    await eventually("the beginning", () => came.length === 1);
    const id = await append(targetId);
    await eventually("the delivery", () => came.length === 2);
    assert.match(JSON.stringify(came[1]), new RegExp(`"id":"${id}"`));
  });

  it("refuses a filter that cannot be, and more streams than may be, before the first message", async (t) => {
    assert.equal((await follow(t, { replayOf: "x" })).error?.code, Code.InvalidArgument);
    assert.equal((await follow(t, { aggregateId: "1" })).error?.code, Code.InvalidArgument);
    const streams: Following[] = [];
    for (let last: Following | undefined; last?.error === undefined; streams.push(last)) {
      assert.ok(streams.length < 100, "there is no limit");
      last = await follow(t, { targetId: "1" });
    }
    assert.equal(streams.at(-1)?.error?.code, Code.ResourceExhausted);
    assert.match(streams.at(-1)?.error?.rawMessage ?? "", /others follow deliveries on this server/);
    for (const stream of streams) stream.stop();
    await eventually("room for one", async () => (await follow(t, { targetId: "1" })).error === undefined);
  });
});
