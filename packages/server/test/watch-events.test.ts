import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { before, describe, it } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { EventService, type WatchEventsResponse } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { createTarget } from "./harness/api.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const MOST_WATCHERS = 20;

describe("WatchEvents", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite);
  });

  const publish = async (type: string): Promise<bigint> => {
    const { status, body } = await server.request("POST", "/v1/events:publish", { type, aggregateId: "1" });
    assert.equal(status, 200);
    return BigInt(body.id);
  };
  interface Following {
    readonly came: WatchEventsResponse[];
    error: ConnectError | undefined;
    stop(): void;
  }
  /** Follows until the test is over. */
  function follow(
    t: Cleanup,
    request: { after?: bigint; types?: string[] },
    { transport = "gRPC over HTTP/2", token = ADMIN_TOKEN }: { transport?: TransportName; token?: string } = {},
  ): Following {
    const client = createClient(
      EventService,
      TRANSPORTS[transport](server.url, [
        (next) => (call) => {
          call.header.set("authorization", `Bearer ${token}`);
          return next(call);
        },
      ]),
    );
    const abort = new AbortController();
    const following: Following = { came: [], error: undefined, stop: () => abort.abort() };
    cleanUp(t, following.stop);
    const read = async (): Promise<void> => {
      for await (const answer of client.watchEvents(request, { signal: abort.signal })) following.came.push(answer);
    };
    void read().catch((error: unknown) => (following.error = ConnectError.from(error)));
    return following;
  }
  const positionsOf = ({ came }: Following): readonly bigint[] =>
    came.flatMap(({ event, position }) => (event ? [position] : []));

  for (const transport of Object.keys(TRANSPORTS) as TransportName[]) {
    it(`answers what is appended from the first message on, by ${transport}`, async (t) => {
      const before = await publish("watched.once");
      const following = follow(t, { types: ["watched.*"] }, { transport });
      const first = await eventually("the first message", () => following.came[0]);
      assert.ok(first.position >= before && /^\d+$/.test(first.instanceId) && first.waitingCount === 0);
      const position = await publish("watched.once");
      await publish("another.type");
      await eventually("the event", () => positionsOf(following).length > 0);
      assert.deepEqual(positionsOf(following), [position]);
      const { event, body } = await eventually("the event", () => following.came.find((each) => each.event));
      assert.deepEqual([event?.position, event?.type, event?.aggregateType], [position, "watched.once", "watched"]);
      assert.deepEqual(JSON.parse(body).event_type, "watched.once");
    });
  }

  it("answers over REST what stands behind a place, and says how much that is", async (t) => {
    const positions = [await publish("rest.one"), await publish("rest.two"), await publish("rest.three")];
    const abort = new AbortController();
    cleanUp(t, () => abort.abort());
    const response = await fetch(`${server.url}/v1/events:watch?after=${positions[0]}&types=rest.*`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, accept: "application/x-ndjson" },
      signal: abort.signal,
    });
    const lines = createInterface(Readable.fromWeb(response.body as never))[Symbol.asyncIterator]();
    const next = async (): Promise<any> => JSON.parse(String((await lines.next()).value));
    const first = await next();
    assert.deepEqual([first.waitingCount, first.position], [2, String(positions[0])]);
    assert.deepEqual([(await next()).position, (await next()).position], positions.slice(1).map(String));
    const sign = await next();
    assert.deepEqual([sign.event, sign.position], [undefined, String(positions.at(-1))], "a sign of life");
  });

  it("shows events of Interpose's own to those alone who may read what they are about", async (t) => {
    const { body } = await server.request("POST", "/v1/tokens", { name: "reads events", permissions: ["event.read"] });
    const [all, some] = [follow(t, {}), follow(t, {}, { token: body.token })];
    await eventually("both follow", () => all.came.length > 0 && some.came.length > 0);
    // Of the instance's keys, which another payload type would have it make, everybody may know.
    await createTarget(server, { endpoint: "https://example.com", payloadType: "json" });
    const position = await publish("shown.to.all");
    await eventually("both are told of the last", () =>
      [all, some].every((following) => positionsOf(following).includes(position)),
    );
    assert.ok(all.came.some(({ event }) => event?.type === "target.added"));
    assert.deepEqual(positionsOf(some), [position]);
  });

  it("refuses a place behind the end of the log, and who may not read events", async (t) => {
    const behind = follow(t, { after: 1n << 40n });
    const refusal = await eventually("the refusal", () => behind.error);
    assert.equal(refusal.code, Code.InvalidArgument);
    assert.match(refusal.rawMessage, /after: 1099511627776 lies behind the end of the log/);
    const { body } = await server.request("POST", "/v1/tokens", { name: "reads nothing", role: "ROLE_NONE" });
    const denied = follow(t, {}, { token: body.token });
    assert.equal((await eventually("the refusal", () => denied.error)).code, Code.PermissionDenied);
  });

  it("refuses more streams than a server has, and has room again when one ends", async (t) => {
    const fresh = await startServer(t);
    const open = await Promise.all(
      Array.from({ length: MOST_WATCHERS }, async () => {
        const abort = new AbortController();
        cleanUp(t, () => abort.abort());
        const response = await fetch(`${fresh.url}/v1/events:watch`, {
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
          signal: abort.signal,
        });
        await response.body?.getReader().read();
        return abort;
      }),
    );
    const status = async (): Promise<number> => {
      const abort = new AbortController();
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const response = await fetch(`${fresh.url}/v1/events:watch`, { headers, signal: abort.signal });
      abort.abort();
      return response.status;
    };
    assert.equal(await status(), 429);
    open[0]?.abort();
    await eventually("there is room again", async () => (await status()) === 200);
  });
});
