import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { before, beforeEach, describe, it } from "node:test";
import { compressionAlgorithms, Metadata, status, type Client } from "@grpc/grpc-js";
import { createTargetCaller } from "@interpose/caller";
import { cleanUp, forSuite } from "../../../test/harness/cleanup.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { order, readStream, SHOP_PROTOS, shopClient, startShop, type Shop } from "../../../test/harness/shop.ts";
import { snapshotOf } from "../../../test/harness/snapshot.ts";
import { startTarget, type TestTarget } from "../../../test/harness/target.ts";
import { TEST_SIGNING } from "../../../test/harness/test-keys.ts";
import { loadDescriptors } from "./descriptors/index.ts";
import { createPlanRunner } from "../run-plan.ts";
import { startGateway, type Gateway } from "./index.ts";

const METHOD = "shop.v1.Shop";

/** Calls a path with an empty message. */
function rawCall(client: Client, path: string): Promise<unknown> {
  const bytes = (message: Buffer): Buffer => message;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

describe("a gateway before a gRPC API", () => {
  let shop: Shop;
  let gateway: Gateway;
  let hook: TestTarget;
  let snapshot = snapshotOf({});
  let client: ReturnType<typeof shopClient>;
  const suite = forSuite();

  before(async () => {
    shop = await startShop(suite);
    hook = await startTarget(suite);
    const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8"], ...TEST_SIGNING });
    cleanUp(suite, () => targets.close());
    const descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
    gateway = await startGateway({
      listen: { host: "127.0.0.1", port: 0 },
      upstream: { url: new URL(`http://${shop.address}`) },
      descriptors: () => descriptors,
      snapshot: () => snapshot,
      instanceId: "1",
      onFault: (error) => {
        throw error;
      },
      maxMessageBytes: 1024 * 1024,
      maxHeldBytes: 2 * 1024 * 1024,
      speaks: new Set(["grpc"]),
      run: createPlanRunner({ targets, newRunId: () => "7", onRun: () => undefined }),
    });
    cleanUp(suite, () => gateway.drain(0));
    client = shopClient(suite, `127.0.0.1:${gateway.address.port}`);
  });
  beforeEach(() => {
    snapshot = snapshotOf({});
    shop.seen.length = 0;
    hook.calls.length = 0;
    hook.reply({});
  });

  it("passes calls of every kind that nothing hooks, and says who calls", async () => {
    assert.deepEqual(await order(client, { item: "tea", count: 2 }), { text: "2 tea", total: 2 });
    const { metadata } = shop.seen[0] ?? assert.fail();
    assert.deepEqual(metadata.get("x-forwarded-for"), ["127.0.0.1"]);
    assert.deepEqual(metadata.get("x-forwarded-host"), [`127.0.0.1:${gateway.address.port}`]);
    assert.deepEqual(
      (await readStream(client.Watch({ item: "tea", count: 3 }))).messages.map(({ total }) => total),
      [1, 2, 3],
    );
    const chat = client.Chat();
    const all = readStream(chat);
    for (let i = 1; i <= 3; i++) chat.write({ item: "tea", count: i });
    chat.end();
    assert.deepEqual(
      (await all).messages.map(({ text }) => text),
      ["1 tea", "2 tea", "3 tea"],
    );
  });

  it("passes an error of the API as it is", async () => {
    await assert.rejects(order(client, { item: "bad" }), { code: status.FAILED_PRECONDITION, details: "no such item" });
  });

  it("passes a cancellation on, and a deadline's end", async () => {
    shop.cancelled.length = 0;
    await assert.rejects(order(client, { item: "slow" }, { deadline: Date.now() + 100 }), {
      code: status.DEADLINE_EXCEEDED,
    });
    await eventually("the cancellation", () => shop.cancelled.length === 1);
  });

  it("shows a target the request, without what is not for others, and passes on what the target makes of it", async () => {
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url } });
    hook.reply({ body: { item: "coffee", count: 5 } });
    assert.deepEqual(await order(client, { item: "tea", count: 2, password: "secret" }), {
      text: "5 coffee",
      total: 5,
    });
    assert.deepEqual(hook.calls[0]?.body.request, { item: "tea", count: 2 });
    assert.equal(hook.calls[0].body.fullMethod, `/${METHOD}/Order`);
    assert.deepEqual(hook.calls[0].body.headers["X-Forwarded-For"], ["127.0.0.1"]);
    assert.equal(shop.seen[0]?.message.password, "secret");
  });

  it("shows a target no headers but the five, whatever a client calls its own", async () => {
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url } });
    const metadata = new Metadata();
    for (const name of ["authorization", "constructor", "__proto__"]) metadata.set(name, "secret");
    await order(client, { item: "tea", count: 2 }, metadata);
    const shown = Object.keys(hook.calls[0]?.body.headers).sort();
    assert.deepEqual(shown, ["Content-Type", "Host", "X-Forwarded-For", "X-Forwarded-Host"]);
  });

  it("shows a target the response with its request, and passes on what the target makes of it", async () => {
    snapshot = snapshotOf({ [`response/${METHOD}`]: { endpoint: hook.url } });
    hook.reply({ body: { text: "changed", total: 1 } });
    assert.deepEqual(await order(client, { item: "tea", count: 2 }), { text: "changed", total: 1 });
    assert.deepEqual(hook.calls[0]?.body.request, { item: "tea", count: 2 });
    assert.deepEqual(hook.calls[0].body.response, { text: "2 tea", total: 2 });
  });

  it("asks for a message itself that its client sends only when it is asked for it", async () => {
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url } });
    const session = connectHttp2(`http://127.0.0.1:${gateway.address.port}`);
    const stream = session.request({
      ":method": "POST",
      ":path": `/${METHOD}/Order`,
      "content-type": "application/grpc",
      te: "trailers",
      expect: "100-continue",
    });
    stream.resume();
    await once(stream, "continue");
    stream.end(Buffer.alloc(5));
    const [trailers] = (await once(stream, "trailers")) as [Record<string, unknown>];
    assert.equal(trailers["grpc-status"], "0");
    assert.equal(hook.calls.length, 1);
    session.close();
  });

  it("refuses a request before the API hears of it", async () => {
    snapshot = snapshotOf({ request: { endpoint: hook.url } });
    hook.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "not today" } });
    await assert.rejects(order(client, { item: "tea" }), { code: status.PERMISSION_DENIED, details: /^not today/ });
    assert.equal(shop.seen.length, 0);
  });

  it("refuses a response in the place of which an error goes out", async () => {
    snapshot = snapshotOf({ response: { endpoint: "http://127.0.0.1:1/" } });
    await assert.rejects(order(client, { item: "tea" }), { code: status.UNAVAILABLE });
    assert.equal(shop.seen.length, 1);
  });

  it("looks at each message of a stream on its way up, in order", async () => {
    snapshot = snapshotOf({ [`request/${METHOD}/Collect`]: { endpoint: hook.url } });
    hook.reply(({ body }) => ({ body: { ...body.request, count: Number(body.request.count) * 10 } }));
    const total = await new Promise((resolve, reject) => {
      const call = client.Collect((error: Error | null, response: any) =>
        error ? reject(error) : resolve(response.total),
      );
      for (let i = 1; i <= 20; i++) call.write({ item: "tea", count: i });
      call.end();
    });
    assert.equal(total, 2_100);
    assert.deepEqual(
      hook.calls.map(({ body }) => body.request.count),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it("looks at each message of a stream on its way down, and ends the stream with the error of the one that is refused", async () => {
    snapshot = snapshotOf({ [`response/${METHOD}/Watch`]: { endpoint: hook.url } });
    hook.reply(({ body }) =>
      body.response.total === 3
        ? { body: { forwardedStatusCode: 404, forwardedErrorMessage: "enough" } }
        : { body: { text: `hooked ${body.response.total}` } },
    );
    const { messages, error } = await readStream(client.Watch({ item: "tea", count: 5 }));
    assert.deepEqual(
      messages.map(({ text }) => text),
      ["hooked 1", "hooked 2"],
    );
    assert.equal(error.code, status.NOT_FOUND);
    await eventually("the end of the call at the API", () => shop.cancelled.includes("Watch"));
  });

  it("lets both sides of a hooked conversation speak in turns", async () => {
    snapshot = snapshotOf({
      [`request/${METHOD}`]: { endpoint: hook.url, type: "webhook" },
      [`response/${METHOD}`]: { endpoint: hook.url, type: "webhook" },
    });
    const chat = client.Chat();
    const texts: string[] = [];
    await new Promise<void>((resolve, reject) => {
      chat.on("error", reject);
      chat.on("end", resolve);
      chat.on("data", ({ text, total }: { text: string; total: number }) => {
        texts.push(text);
        if (total < 5) chat.write({ item: "tea", count: total + 1 });
        else chat.end();
      });
      chat.write({ item: "tea", count: 1 });
    });
    assert.deepEqual(texts, ["1 tea", "2 tea", "3 tea", "4 tea", "5 tea"]);
    assert.equal(hook.calls.length, 10);
  });

  it("reads and writes messages that are compressed", async () => {
    const zipping = shopClient(suite, `127.0.0.1:${gateway.address.port}`, {
      "grpc.default_compression_algorithm": compressionAlgorithms.gzip,
    });
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url } });
    hook.reply(({ body }) => ({ body: { ...body.request, count: 3 } }));
    const item = "tea ".repeat(1_000);
    assert.equal((await order(zipping, { item, count: 1 })).total, 3);
    assert.equal(shop.seen[0]?.message.item, item);
  });

  it("bounds the messages that executions look at, and no others", async () => {
    const item = "x".repeat(1_100_000);
    assert.equal((await order(client, { item, count: 1 })).total, 1);
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url, type: "webhook" } });
    await assert.rejects(order(client, { item, count: 1 }), {
      code: status.RESOURCE_EXHAUSTED,
      details: /1048576 bytes/,
    });
    const large = "y".repeat(900_000);
    assert.equal((await order(client, { item: large, count: 2 })).total, 2);
  });

  it("bounds what all calls hold together, and takes others when some have ended", async () => {
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url, type: "webhook" } });
    const waiting: (() => void)[] = [];
    hook.reply(() => new Promise((resolve) => waiting.push(() => resolve({}))));
    const item = "x".repeat(900_000);
    const held = [1, 2].map((count) => order(client, { item, count }));
    await eventually("two messages are looked at", () => hook.calls.length === 2);
    await assert.rejects(order(client, { item }), { code: status.UNAVAILABLE, details: /maxHeldBytes/ });
    for (const answer of waiting) answer();
    assert.deepEqual(
      (await Promise.all(held)).map(({ total }) => total),
      [1, 2],
    );
    hook.reply({});
    assert.equal((await order(client, { item, count: 4 })).total, 4);
  });

  describe("does not let a call past its hooks", () => {
    const ways: readonly {
      readonly name: string;
      readonly path: string;
      readonly type: string;
      /** A form in which the call cannot be read. */
      readonly isRefused?: boolean;
    }[] = [
      { name: "in Connect", path: `/${METHOD}/Order`, type: "application/json" },
      { name: "by an escape in the path", path: `/${METHOD}/%4Frder`, type: "application/json" },
      { name: "by a query", path: `/${METHOD}/Order?a=1`, type: "application/json" },
      {
        name: "in gRPC with another codec",
        path: `/${METHOD}/Order`,
        type: "application/grpc+thrift",
        isRefused: true,
      },
      {
        name: "in gRPC-Web with another codec",
        path: `/${METHOD}/Order`,
        type: "application/grpc-web+thrift",
        isRefused: true,
      },
      { name: "in Connect with another codec", path: `/${METHOD}/Order`, type: "application/thrift", isRefused: true },
      {
        name: "as a stream of Connect's in another codec",
        path: `/${METHOD}/Order`,
        type: "application/connect+thrift",
        isRefused: true,
      },
    ];
    for (const { name, path, type, isRefused = false } of ways) {
      it(name, async () => {
        snapshot = snapshotOf({ request: { endpoint: hook.url } });
        hook.reply({ body: { forwardedStatusCode: 403 } });
        const { port } = gateway.address;
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: "POST",
          headers: { "content-type": type },
          body: "{}",
        });
        const text = await response.text();
        const said =
          response.headers.get("grpc-status") ?? /unimplemented|permission_denied/.exec(text)?.[0] ?? response.status;
        assert.ok((isRefused ? ["12", 415, "unimplemented"] : ["permission_denied"]).includes(said), String(said));
        assert.equal(hook.calls.length, isRefused ? 0 : 1);
        assert.equal(shop.seen.length, 0);
      });
    }

    it("by an escape in the path, in gRPC", async () => {
      snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url, type: "webhook" } });
      await rawCall(client, `/${METHOD}/%4Frder`).catch(() => undefined);
      assert.equal(hook.calls.length, 1);
    });
  });

  it("refuses a method that an execution names, or a service's, when the API does not describe it", async () => {
    const hooked = shopClient(suite, `127.0.0.1:${gateway.address.port}`);
    for (const condition of [`request/${METHOD}2/Order`, `response/${METHOD}2`]) {
      snapshot = snapshotOf({ [condition]: { endpoint: hook.url } });
      await assert.rejects(rawCall(hooked, `/${METHOD}2/Order`), { code: status.UNAVAILABLE, details: /has not said/ });
    }
    // Executions on everything mean what is described; the API itself answers here.
    snapshot = snapshotOf({ request: { endpoint: hook.url } });
    await assert.rejects(rawCall(hooked, `/${METHOD}2/Order`), { code: status.UNIMPLEMENTED, details: /Order/ });
    // Neither are health and reflection, which orchestrators and tools live by.
    await assert.rejects(rawCall(hooked, "/grpc.health.v1.Health/Check"), { code: status.UNIMPLEMENTED });
    assert.equal(hook.calls.length, 0);
  });

  it("ends the calls of targets when the client goes away", async () => {
    snapshot = snapshotOf({ [`request/${METHOD}/Order`]: { endpoint: hook.url } });
    hook.reply("hang");
    const call = client.Order({ item: "tea" }, () => undefined);
    await eventually("the target is called", () => hook.calls.length === 1);
    call.cancel();
    await eventually("the target is left alone", () => hook.calls[0]?.isGone());
    assert.equal(shop.seen.length, 0);
  });
});

describe("a gateway whose API is away", () => {
  it("answers in the protocol of the call, and goes on when the API is back", async (t) => {
    const first = await startShop(t);
    const port = Number(first.address.split(":")[1]);
    const gateway = await startPassingGateway(t, port);
    const client = shopClient(t, `127.0.0.1:${gateway.address.port}`);
    assert.equal((await order(client, { item: "tea", count: 1 })).total, 1);
    const pending = order(client, { item: "slow" });
    await eventually("the call is there", () => first.seen.length === 2);
    first.stop();
    await assert.rejects(pending, { code: status.UNAVAILABLE, details: /went away before it answered/ });
    await assert.rejects(order(client, { item: "tea" }), { code: status.UNAVAILABLE, details: /cannot be reached/ });
    await startShop(t, port);
    assert.equal((await order(client, { item: "tea", count: 2 })).total, 2);
  });
});
