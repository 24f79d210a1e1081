import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, beforeEach, describe, it } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite, type Cleanup } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { testDatabaseUrl } from "./harness/postgres.ts";
import { assertRefused, metadataOf } from "./harness/refusals.ts";
import { startServer, temporaryDirectory, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { BY_HTTP, orderByHttp, type HttpAnswer } from "./harness/shop-by-http.ts";
import { startTarget, type ReceivedCall, type TestTarget } from "./harness/target.ts";

const ORDER = "/shop.v1.Shop/Order";
const RUN_HEADER = "interpose-run";

/** The header that a target was sent. */
function runHeaderOf({ headers }: ReceivedCall): string {
  const header = headers[RUN_HEADER];
  assert.ok(typeof header === "string", "there is one");
  return header;
}

function withRun(header: string): Metadata {
  const metadata = new Metadata();
  metadata.set(RUN_HEADER, header);
  return metadata;
}

interface Setting {
  readonly shop: Shop;
  readonly hook: TestTarget;
  readonly server: TestServer;
  readonly client: ReturnType<typeof shopClient>;
}

/** A server with a gateway before the shop, and a target that is called for orders and for searches of targets. */
async function start(t: Cleanup, env: Readonly<Record<string, string>> = {}): Promise<Setting> {
  const shop = await startShop(t);
  const hook = await startTarget(t);
  const server = await startServer(t, {
    env: {
      INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
      INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
      INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      ...env,
    },
  });
  const target = await createTarget(server, { endpoint: hook.url, timeout: "20s" });
  await setExecution(server, { request: { method: ORDER } }, [target]);
  await setExecution(server, { request: { method: methodName("ListTargets") } }, [target]);
  return { shop, hook, server, client: shopClient(t, gatewayAddress(server)) };
}

function search(server: TestServer, header: string): Promise<JsonAnswer> {
  return server.request("POST", "/v3alpha/targets/search", {}, { headers: { [RUN_HEADER]: header } });
}

/** Depths of the runs that a server has logged. */
function depthsOf(server: TestServer): readonly number[] {
  const lines = server.stderr().split("\n");
  return lines.filter((line) => line.includes('"run.ended"')).map((line) => JSON.parse(line).depth as number);
}

describe("a target that calls for what it is called for", () => {
  let shop: Shop;
  let hook: TestTarget;
  let server: TestServer;
  let client: Setting["client"];
  const suite = forSuite();
  before(async () => {
    ({ shop, hook, server, client } = await start(suite, { INTERPOSE_LIMITS_MAX_RUN_DEPTH: "3" }));
  });
  beforeEach(() => {
    hook.calls.length = 0;
    hook.reply({});
    shop.seen.length = 0;
  });

  it("is refused through a gateway past the depth, by an error that names the circle", async () => {
    const refusals: any[] = [];
    hook.reply(async (call) => {
      try {
        await order(client, { item: "tea", count: 1 }, withRun(runHeaderOf(call)));
        return {};
      } catch (error) {
        refusals.push(error);
        return { status: 500 };
      }
    });
    await assert.rejects(order(client, { item: "tea", count: 1 }), { code: status.FAILED_PRECONDITION });
    assert.equal(hook.calls.length, 3, "three runs have called it");
    assert.equal(refusals.length, 3);
    const [innermost] = refusals;
    assert.equal(innermost.code, status.FAILED_PRECONDITION);
    const run = String.raw`request/shop\.v1\.Shop/Order \(run \d+\)`;
    assert.match(innermost.details, new RegExp(`^Targets call in a circle: ${run} → ${run} → ${run} → ${run}\\.`));
    assert.match(innermost.details, /No more than 3 runs/);
    assert.equal(shop.seen.length, 0, "the API has heard of nothing");
    await eventually("the log", () => /"run.ended".*"depth":4.*"run_too_deep"/.test(server.stderr()));
  });

  for (const form of Object.keys(BY_HTTP) as (keyof typeof BY_HTTP)[]) {
    it(`is refused through a gateway in a call in ${form}, too`, async () => {
      const answers: HttpAnswer[] = [];
      hook.reply(async (call) => {
        const headers = { [RUN_HEADER]: runHeaderOf(call) };
        answers.push(await orderByHttp(form, gatewayAddress(server), { item: "tea", count: 1 }, headers));
        return {};
      });
      assert.equal((await order(client, { item: "tea", count: 1 })).total, 1);
      assert.deepEqual(
        answers.map((answer) => [answer.status, answer.body.code]),
        [
          [400, form === "REST" ? 9 : "failed_precondition"],
          [200, undefined],
          [200, undefined],
        ],
      );
      assert.match(answers[0]?.body.message, /^Targets call in a circle: /);
    });
  }

  it("is refused over REST at the own API, with the executions for programs", async () => {
    const answers: JsonAnswer[] = [];
    hook.reply(async (call) => {
      answers.push(await search(server, runHeaderOf(call)));
      return {};
    });
    assert.equal((await search(server, "")).status, 200);
    const [innermost] = answers;
    assert.ok(innermost);
    assertRefused(innermost, { status: 400, code: 9, reason: "RUN_TOO_DEEP", says: /^Targets call in a circle/ });
    const execution = "request/zitadel.action.v3alpha.ActionService/ListTargets";
    assert.equal(metadataOf(innermost).executions, Array(4).fill(execution).join(" "));
    assert.equal(hook.calls.length, 3);
  });

  it("is known to come in a circle also where that leads over several hosts", async () => {
    const answers: JsonAnswer[] = [];
    hook.reply(async (call) => {
      if (call.body.fullMethod === ORDER) answers.push(await search(server, runHeaderOf(call)));
      else await order(client, { item: "tea", count: 1 }, withRun(runHeaderOf(call))).catch(() => undefined);
      return {};
    });
    await order(client, { item: "tea", count: 1 });
    const refused = answers.find((answer) => answer.status !== 200);
    assert.ok(refused, "the innermost call is refused");
    assert.match(
      refused.body.message,
      /Shop\/Order \(.*\) → .*ListTargets \(.*\) → .*Shop\/Order \(.*\) → .*ListTargets/,
    );
  });

  it("is let through where it calls for something else, and the API is told what led to the call", async () => {
    hook.reply(async (call) => {
      if (call.body.request.item === "tea") await order(client, { item: "milk", count: 1 }, withRun(runHeaderOf(call)));
      return {};
    });
    await order(client, { item: "tea", count: 1 });
    assert.deepEqual(
      shop.seen.map(({ message }) => message.item),
      ["milk", "tea"],
    );
    const [milk, tea] = shop.seen;
    assert.deepEqual(milk?.metadata.get(RUN_HEADER), [hook.calls[0] && runHeaderOf(hook.calls[0])]);
    assert.deepEqual(tea?.metadata.get(RUN_HEADER), [], "an ordinary call is led to by no run");
  });

  it("begins anew with a header that is forged, foreign or too large", async () => {
    await order(client, { item: "tea", count: 1 });
    const [call] = hook.calls;
    assert.ok(call);
    const [, expiry = "", proof = "", ...links] = runHeaderOf(call).split(".");
    const path = links.join(".");
    const guessed = createHmac("sha256", Buffer.alloc(32)).update(`3.${expiry}.${path}`).digest("base64url");
    for (const forged of [
      ["3", expiry, proof, path].join("."),
      ["3", expiry, guessed, path].join("."),
      ["3", String(Number(expiry) + 1), proof, path].join("."),
      `3.${expiry}.${"A".repeat(43)}.`,
      "nonsense",
      "9".repeat(8_000),
    ]) {
      const before = depthsOf(server).length;
      await order(client, { item: "tea", count: 1 }, withRun(forged));
      assert.equal((await search(server, forged)).status, 200);
      await eventually("the log", () => depthsOf(server).length === before + 2);
      assert.deepEqual(depthsOf(server).slice(before), [1, 1]);
    }
  });
});

describe("a run's header", () => {
  it("counts after a restart, and on other nodes of the database, and at no other one", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const databaseUrl = await testDatabaseUrl(t);
    const env = { INTERPOSE_LIMITS_MAX_RUN_DEPTH: "1" };
    const hook = await startTarget(t);
    const first = await startServer(t, { dataDir, databaseUrl, env });
    const target = await createTarget(first, { endpoint: hook.url });
    await setExecution(first, { request: { method: methodName("ListTargets") } }, [target]);
    assert.equal((await search(first, "")).status, 200);
    const header = runHeaderOf(hook.calls[0] ?? assert.fail("the target was not called"));
    const refusal = { status: 400, code: 9, reason: "RUN_TOO_DEEP", says: /^Targets call in a circle/ };
    assertRefused(await search(first, header), refusal);
    if (databaseUrl !== undefined)
      assertRefused(await search(await startServer(t, { databaseUrl, env }), header), refusal);
    assert.equal(await first.stop(), 0);
    const second = await startServer(t, { dataDir, databaseUrl, env });
    assertRefused(await search(second, header), refusal);
    const other = await startServer(t, { env });
    const elsewhere = await createTarget(other, { endpoint: hook.url });
    await setExecution(other, { request: { method: methodName("ListTargets") } }, [elsewhere]);
    assert.equal((await search(other, header)).status, 200, "it is worth nothing at another database");
  });
});
