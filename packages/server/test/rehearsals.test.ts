import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createTargetInTurn as createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop } from "./harness/shop.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const ON_ORDER = { request: { service: "shop.v1.Shop" } };
const ON_ORDERED = { response: { service: "shop.v1.Shop" } };

/** Calls of a target of v3alpha that are repeated with one of v2. */
describe("RehearseRuns, of messages", () => {
  const suite = forSuite();
  let server: TestServer;
  let shop: ReturnType<typeof shopClient>;
  let hook: TestTarget;
  let other: TestTarget;
  let target: string;
  let candidate: string;
  before(async () => {
    const { address } = await startShop(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
    shop = shopClient(suite, gatewayAddress(server));
    [hook, other] = [await startTarget(suite), await startTarget(suite)];
    target = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    candidate = await createTarget(server, { endpoint: other.url, type: "restCall" });
    await server.request("PATCH", `/v1/targets/${candidate}/settings`, { dialect: "DIALECT_V2" });
  });
  beforeEach(() => {
    for (const each of [hook, other]) {
      each.calls.length = 0;
      each.reply({});
    }
  });

  /** Orders each of these with the target on one side, and answers when all of it is on record. */
  async function record(condition: typeof ON_ORDER | typeof ON_ORDERED, items: readonly string[]): Promise<string> {
    const begunAfter = new Date().toISOString();
    await setExecution(server, condition, [target]);
    for (const item of items) await order(shop, { item, count: 1 });
    await server.request("DELETE", "/v3alpha/executions", { condition });
    await eventually("orders are on record", async () => {
      const { body } = await server.request("GET", `/v1/runs?targetId=${target}&begunAfter=${begunAfter}`);
      return body.runs?.length === items.length;
    });
    return begunAfter;
  }
  const send = (begunAfter: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${server.url}/v1/runs:rehearse`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        "content-type": "application/json",
        accept: "application/x-ndjson",
      },
      body: JSON.stringify({ targetId: target, candidateId: candidate, runs: { begunAfter } }),
      ...(signal && { signal }),
    });
  async function rehearse(begunAfter: string): Promise<any[]> {
    const response = await send(begunAfter);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const [, ...done] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    return done;
  }

  it("repeats requests in the candidate's dialect, and compares what becomes of them", async () => {
    hook.reply(({ body }) => ({ body: { item: `hot ${body.request.item}` } }));
    const since = await record(ON_ORDER, ["tea", "milk"]);
    other.reply(({ body: { request } }) => ({
      body: { ...request, item: request.item === "tea" ? "hot tea" : "cold milk" },
    }));
    const [milk, tea] = await rehearse(since);
    assert.deepEqual([tea.isSame, tea.differences], [true, undefined]);
    assert.deepEqual(milk.differences, [{ path: "/item", before: "hot milk", after: "cold milk" }]);
    assert.deepEqual(tea.rehearsed.payload.request, { item: "tea", count: 1 });
    assert.equal(tea.rehearsed.effect, "CALL_EFFECT_CHANGED");
    assert.ok(tea.rehearsed.reply.includes("hot tea") && tea.recorded.reply === '{"item":"hot tea"}');
  });

  it("repeats responses with the request that they answer", async () => {
    hook.reply({ body: { total: 5 } });
    const since = await record(ON_ORDERED, ["tea"]);
    other.reply(({ body }) => ({ body: { ...body.response, total: Number(body.request.count) + 4 } }));
    const [same] = await rehearse(since);
    assert.deepEqual([same.isSame, same.skippedBecause], [true, undefined]);
    assert.deepEqual(other.calls[0]?.body.response, { text: "1 tea", total: 1 });
    other.reply({ body: { forwardedStatusCode: 403 } });
    const [refused] = await rehearse(since);
    assert.deepEqual(
      [refused.isSame ?? false, refused.rehearsed.effect, refused.rehearsed.failure],
      [false, "CALL_EFFECT_REFUSED", "refused"],
    );
  });

  it("skips what is not on record, and says why", async () => {
    const since = await record(ON_ORDER, ["x".repeat(20_000), "tea"]);
    const [tea, long] = await rehearse(since);
    assert.match(long.skippedBecause, /what it was sent is not on record: it was too large/);
    assert.deepEqual([long.doneCount, long.totalCount, long.rehearsed], [2, 2, undefined]);
    assert.equal(tea.isSame, true);
    assert.equal(other.calls.length, 1);
  });

  it("ends its calls when its client goes, and makes no more", async () => {
    const since = await record(ON_ORDER, ["1", "2", "3", "4", "5", "6"]);
    other.reply("hang");
    const client = new AbortController();
    await send(since, client.signal);
    await eventually("four calls are under way", () => other.calls.length === 4);
    client.abort();
    await eventually("they have ended", () => other.calls.every(({ isGone }) => isGone()));
    other.reply({});
    // A whole rehearsal later, there are its six more and no others.
    assert.equal((await rehearse(since)).length, 6);
    assert.equal(other.calls.length, 10);
  });

  it("makes so many at once, and so many tries, and says so to the next one", async () => {
    const since = await record(ON_ORDER, ["tea"]);
    other.reply("hang");
    const client = new AbortController();
    const reading = await Promise.all(Array.from({ length: 5 }, () => send(since, client.signal)));
    assert.deepEqual(new Set(reading.map(({ status }) => status)), new Set([200]));
    const beyond = await send(since);
    const refusal = await beyond.text();
    assert.equal(beyond.status, 429, refusal);
    assert.match(refusal, /5 other rehearsals are under way on this server.*TOO_MANY_TRIES/s);
    client.abort();
    other.reply({});
    await eventually("places are free again", async () => {
      const again = await send(since);
      await again.text();
      return again.status === 200;
    });

    other.calls.length = 0;
    const answers = Promise.withResolvers<object>();
    other.reply(() => answers.promise);
    const subject = { kind: "EXPLAIN_KIND_REQUEST", method: "/shop.v1.Shop/Order" };
    const trying = (): ReturnType<TestServer["request"]> =>
      server.request("POST", "/v1/executions:try", { subject, targetId: candidate, request: { item: "tea" } });
    const tries = Array.from({ length: 20 }, trying);
    await eventually("all are under way", () => other.calls.length === 20);
    const next = await trying();
    assert.equal(next.status, 429);
    assert.match(JSON.stringify(next.body), /20 other tries are under way.*TOO_MANY_TRIES/);
    answers.resolve({});
    for (const { status } of await Promise.all(tries)) assert.equal(status, 200);
    assert.equal((await trying()).status, 200);
  });
});
