import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { interposeInterceptor } from "../src/hosts/interceptors/connect/index.ts";
import { createInterpose } from "../src/index.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { cleanUp } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { newDatabaseUrl, testDatabaseUrl } from "./harness/postgres.ts";
import { ADMIN_TOKEN, requestJson, startServer, temporaryDirectory, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop } from "./harness/shop.ts";
import { startTarget } from "./harness/target.ts";
import { createNotes, SHOP, shopHandlers } from "./hosts/shop-api.ts";

const ORDER = "/shop.v1.Shop/Order";
type Requesting = Pick<TestServer, "request">;

async function runsOf(server: Requesting, count: number, query = ""): Promise<any[]> {
  return eventually(`${count} runs`, async () => {
    const { body } = await server.request("GET", `/v1/runs?${query}`);
    return (body.runs ?? []).length >= count ? (body.runs as any[]) : undefined;
  });
}

describe("runs on record, by where they came from", () => {
  it("are those of a gateway, in both directions, with what is redacted in neither", async (t) => {
    const shop = await startShop(t);
    const server = await startServer(t, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
    const hook = await startTarget(t, { body: { count: 7, password: "of the target" } });
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, { request: { method: ORDER } }, [id]);
    await setExecution(server, { response: { method: ORDER } }, [
      await createTarget(server, { endpoint: (await startTarget(t)).url }),
    ]);
    const client = shopClient(t, gatewayAddress(server));
    await order(client, { item: "tea", count: 1, password: "of the caller" });
    const runs = await runsOf(server, 2);
    assert.deepEqual(
      runs.map(({ host, side, method }) => [host, side, method]),
      [
        ["gateway/gateway", "RUN_SIDE_RESPONSE", ORDER],
        ["gateway/gateway", "RUN_SIDE_REQUEST", ORDER],
      ],
    );
    const { body } = await server.request("GET", `/v1/runs/${runs[1].id}`);
    assert.deepEqual(body.differences, [{ path: "/count", before: 1, after: 7 }]);
    assert.equal(body.calls[0].reply, '{"count":7}');
    assert.doesNotMatch(JSON.stringify(body), /of the (caller|target)/);
  });

  it("are those of interceptors and functions of this process, and what is too deep", async (t) => {
    const databaseUrl = await testDatabaseUrl(t);
    const interpose = await createInterpose({
      dataDir: await temporaryDirectory(t),
      ...(databaseUrl !== undefined && { databaseUrl }),
      adminToken: ADMIN_TOKEN,
      egress: { allow: ["127.0.0.0/8"] },
      log: { level: "silent" },
      limits: { maxRunDepth: 1 },
      functions: [{ name: "price" }],
      services: [SHOP],
    });
    cleanUp(t, () => interpose.close());
    const url = await interpose.listen({ port: 0 });
    const management: Requesting = {
      request: (verb, path, body, options) => requestJson(url, verb, path, body, options),
    };
    const hook = await startTarget(t);
    const id = await createTarget(management, { endpoint: hook.url });
    await setExecution(management, { request: { method: ORDER } }, [id]);
    await setExecution(management, { function: { name: "price" } }, [id]);
    const interceptors = [interposeInterceptor(interpose)];
    const shop = createRouterTransport(
      (router) =>
        void router.service(
          SHOP,
          shopHandlers(createNotes(), (_code, text) => new Error(text)),
        ),
      { router: { interceptors } },
    );
    await (createClient(SHOP, shop) as any).order({ item: "tea", count: 1 });
    const runHeader = String(hook.calls[0]?.headers["interpose-run"]);
    await assert.rejects(interpose.invoke("price", {}, { runHeader }), { reason: "run_too_deep" });
    const [deep, first] = await runsOf(management, 2);
    assert.deepEqual([first.host, first.method], ["interceptor", ORDER]);
    assert.deepEqual(
      [deep.host, deep.function, deep.depth, deep.error.reason],
      ["interceptor", "price", 2, "RUN_TOO_DEEP"],
    );
    const { body } = await management.request("GET", `/v1/runs/${deep.id}`);
    assert.deepEqual([body.calls, body.before], [undefined, undefined]);
  });
});

describe("runs on record, of several servers and lives", () => {
  it("are followed on one server wherever they are made, and counted by each", async (t) => {
    const databaseUrl = await newDatabaseUrl(t);
    const [a, b] = await Promise.all([startServer(t, { databaseUrl }), startServer(t, { databaseUrl })]);
    const hook = await startTarget(t);
    const id = await createTarget(a, { endpoint: hook.url, type: "restAsync" });
    const condition = { request: { method: "/zitadel.action.v3alpha.ActionService/ListTargets" } };
    await setExecution(a, condition, [id]);
    const abort = new AbortController();
    cleanUp(t, () => abort.abort());
    const answer = await fetch(`${a.url}/v1/runs:watch?targetId=${id}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, accept: "application/x-ndjson" },
      signal: abort.signal,
    });
    let text = "";
    const reading = (async () => {
      for await (const part of answer.body ?? []) text += Buffer.from(part).toString();
    })().catch(() => undefined);
    await eventually("the beginning", () => text.includes("\n"));
    const came = (): any[] =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .flatMap(({ run, result }) => run ?? result?.run ?? []);
    const called = (server: TestServer): Promise<unknown> => server.request("POST", "/v3alpha/targets/search", {});
    await eventually("the execution is in force on both", async () => {
      await called(b);
      return hook.calls.length > 0;
    });
    await called(a);
    await eventually("runs of both", () => came().length >= 2);
    assert.equal(new Set(came().map(({ id: runId }) => runId)).size, came().length, "each once");
    hook.reply({ status: 500 });
    await called(b);
    await eventually("the failure that came later", () => came().some(({ failedCallCount }) => failedCallCount === 1));
    abort.abort();
    await reading;
  });

  it("are what was recorded up to a moment before a server was killed, and all of them when it was stopped", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const databaseUrl = await testDatabaseUrl(t);
    let server = await startServer(t, { dataDir, databaseUrl });
    const hook = await startTarget(t);
    const id = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { request: { method: "/zitadel.action.v3alpha.ActionService/ListTargets" } }, [id]);
    const call = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await server.request("POST", "/v3alpha/targets/search", {});
    };
    await call(5);
    const before = (await runsOf(server, 5)).map((run) => run.id as string);
    await server.kill();
    server = await startServer(t, { dataDir, databaseUrl });
    assert.deepEqual(
      (await runsOf(server, 5)).map((run) => run.id as string),
      before,
    );
    await call(5);
    assert.equal(await server.stop(), 0);
    server = await startServer(t, { dataDir, databaseUrl });
    assert.equal((await runsOf(server, 10)).length, 10);
  });

  it("are none where that is off, and without messages where none are kept", async (t) => {
    const databaseUrl = await newDatabaseUrl(t);
    const off = await startServer(t, { databaseUrl, env: { INTERPOSE_RUNS_RECORD: "off" } });
    const hook = await startTarget(t);
    const id = await createTarget(off, { endpoint: hook.url });
    await setExecution(off, { request: { method: "/zitadel.action.v3alpha.ActionService/ListTargets" } }, [id]);
    await off.request("POST", "/v3alpha/targets/search", {});
    assert.equal(await off.stop(), 0);
    const bare = await startServer(t, { databaseUrl, env: { INTERPOSE_RUNS_MESSAGES: "false" } });
    await bare.request("POST", "/v3alpha/targets/search", {});
    const runs = await runsOf(bare, 1);
    assert.equal(runs.length, 1);
    const { body } = await bare.request("GET", `/v1/runs/${runs[0].id}`);
    assert.deepEqual([body.calls[0].targetId, body.calls[0].payload, body.before], [id, undefined, undefined]);
  });

  it("are for those who may read them", async (t) => {
    const server = await startServer(t);
    for (const [role, status] of [
      ["ROLE_VIEWER", 200],
      ["ROLE_EDITOR", 200],
      ["ROLE_NONE", 403],
    ] as const) {
      const { body } = await server.request("POST", "/v1/tokens", { name: role, role });
      for (const path of ["/v1/runs", "/v1/runs:statistics"])
        assert.equal(
          (await server.request("GET", path, undefined, { token: body.token })).status,
          status,
          `${role} ${path}`,
        );
    }
  });
});
