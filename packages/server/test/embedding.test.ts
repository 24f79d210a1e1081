import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { before, describe, it } from "node:test";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { InterposeError } from "@interpose/engine";
import { interposeInterceptor } from "../src/hosts/interceptors/connect/index.ts";
import { interposeInterceptor as forGrpcJs } from "../src/hosts/interceptors/grpc-js/index.ts";
import { createInterpose, type Interpose, type InterposeOptions, type JsonObject } from "../src/index.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { testDatabaseUrl } from "./harness/postgres.ts";
import { ADMIN_TOKEN, requestJson, temporaryDirectory, type TestServer } from "./harness/server.ts";
import { SHOP_SERVICE } from "./harness/shop.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";
import { createNotes, SHOP, shopHandlers } from "./hosts/shop-api.ts";

/** Starts an Interpose in this process. It ends with the test. */
async function open(t: Cleanup, options: InterposeOptions = {}): Promise<Interpose> {
  const databaseUrl = await testDatabaseUrl(t);
  const interpose = await createInterpose({
    dataDir: await temporaryDirectory(t),
    ...(databaseUrl !== undefined && { databaseUrl }),
    adminToken: ADMIN_TOKEN,
    egress: { allow: ["127.0.0.0/8"] },
    log: { level: "silent" },
    ...options,
  });
  cleanUp(t, () => interpose.close());
  return interpose;
}

/** The management API at a URL, as the harness calls it. */
function managementAt(url: string): Pick<TestServer, "request"> {
  return { request: (verb, path, body, options) => requestJson(url, verb, path, body, options) };
}

describe("an Interpose in one's own process", () => {
  let interpose: Interpose;
  let management: Pick<TestServer, "request">;
  const suite = forSuite();
  before(async () => {
    interpose = await open(suite, { services: [SHOP] });
    management = managementAt(await interpose.listen({ port: 0 }));
  });

  it("serves the management API on a port of its own", async () => {
    const { body } = await management.request("GET", "/v3alpha/executions/methods");
    assert.ok(body.methods.includes("/zitadel.action.v3alpha.ActionService/SetExecution"));
    assert.equal((await management.request("GET", "/v1/tokens", undefined, { token: null })).status, 401);
  });

  it("lets conditions name the services that it was told of", async () => {
    const { body } = await management.request("GET", "/v3alpha/executions/services");
    assert.ok(body.services.includes("shop.v1.Shop"));
  });

  it("answers within a server of one's own", async (t) => {
    const server = createServer((request, response) => {
      if (request.url === "/mine") response.end("mine");
      else interpose.handler(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUp(t, () => server.close().closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.equal(await (await fetch(`${url}/mine`)).text(), "mine");
    assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), { status: "ready" });
    assert.equal((await managementAt(url).request("GET", "/v3alpha/executions/functions")).status, 200);
  });

  it("hooks a call from the moment that its execution is set", async (t) => {
    const hook = await startTarget(t, { body: { count: 7 } });
    const shop = createRouterTransport(
      (router) =>
        void router.service(
          SHOP,
          shopHandlers(createNotes(), (_code, text) => new Error(text)),
        ),
      { router: { interceptors: [interposeInterceptor(interpose)] } },
    );
    const client = createClient(SHOP, shop) as any;
    assert.equal((await client.order({ item: "tea", count: 1 })).text, "1 tea");
    const target = await createTarget(management, { endpoint: hook.url, type: "restCall" });
    await setExecution(management, { request: { method: "/shop.v1.Shop/Order" } }, [target]);
    assert.equal((await client.order({ item: "tea", count: 1 })).text, "7 tea");
    assert.equal(hook.calls.length, 1);
    await management.request("DELETE", "/v3alpha/executions", {
      condition: { request: { method: "/shop.v1.Shop/Order" } },
    });
    assert.equal((await client.order({ item: "tea", count: 1 })).text, "1 tea");
  });
});

describe("a function in one's own process", () => {
  const suite = forSuite();
  let interpose: Interpose;
  let management: Pick<TestServer, "request">;
  let hook: TestTarget;
  before(async () => {
    interpose = await open(suite, { functions: [{ name: "price", input: { required: ["amount"] } }] });
    management = managementAt(await interpose.listen({ port: 0 }));
    hook = await startTarget(suite, { body: { total: 7 } });
    const target = await createTarget(management, { endpoint: hook.url, type: "restCall" });
    await setExecution(management, { function: { name: "price" } }, [target]);
  });

  it("is invoked without a permission, and answers what its targets reply", async () => {
    assert.deepEqual(await interpose.invoke("price", { amount: 1 }), { total: 7 });
    assert.deepEqual(hook.calls[0]?.body, { function: "function/price", amount: 1 });
    assert.deepEqual(await interpose.invoke("preuserinfo", {}), {});
  });

  it("is checked as over the API, and takes nothing that is no JSON", async () => {
    await assert.rejects(interpose.invoke("price", {}), { reason: "function_input_invalid" });
    await assert.rejects(interpose.invoke("nothing", {}), { reason: "function_not_found" });
    const date = { amount: new Date(0) } as unknown as JsonObject;
    await assert.rejects(interpose.invoke("price", date), {
      reason: "function_input_invalid",
      message: /input\.amount/,
    });
  });

  it("ends by its time, and by its signal", async () => {
    hook.reply("hang");
    await assert.rejects(interpose.invoke("price", { amount: 1 }, { timeoutMs: 100 }), { reason: "run_timed_out" });
    const controller = new AbortController();
    const running = interpose.invoke("price", { amount: 1 }, { signal: controller.signal });
    controller.abort();
    await assert.rejects(running, { code: "cancelled" });
  });

  it("is in the chain of runs that it is told of", async () => {
    hook.calls.length = 0;
    hook.reply({});
    let runHeader: string | undefined;
    for (let i = 0; i < 5; i++) {
      await interpose.invoke("price", { amount: 1 }, runHeader === undefined ? {} : { runHeader });
      runHeader = String(hook.calls.at(-1)?.headers["interpose-run"]);
    }
    await assert.rejects(interpose.invoke("price", { amount: 1 }, { runHeader: String(runHeader) }), {
      reason: "run_too_deep",
    });
    assert.equal(hook.calls.length, 5);
  });
});

describe("createInterpose()", () => {
  it("lets conditions name what an interceptor stands before, without being told", async (t) => {
    const interpose = await open(t);
    const management = managementAt(await interpose.listen({ port: 0 }));
    const services = async (): Promise<readonly string[]> =>
      (await management.request("GET", "/v3alpha/executions/services")).body.services;
    assert.ok(!(await services()).includes("shop.v1.Shop"));
    forGrpcJs(interpose, { services: [SHOP_SERVICE] });
    assert.ok((await services()).includes("shop.v1.Shop"));
  });

  it("answers a first token, once, where it is given none", async (t) => {
    const options = { dataDir: await temporaryDirectory(t), log: { level: "silent" } } as const;
    const first = await createInterpose(options);
    const management = managementAt(await first.listen({ port: 0 }));
    const token = first.firstToken ?? assert.fail("there is no token");
    assert.equal((await management.request("GET", "/v1/tokens", undefined, { token })).status, 200);
    await first.close();
    const second = await createInterpose(options);
    cleanUp(t, () => second.close());
    assert.equal(second.firstToken, undefined);
  });

  it("takes nothing from the environment", async (t) => {
    process.env.INTERPOSE_ADMIN_TOKEN = "a-token-of-the-environment";
    cleanUp(t, () => delete process.env.INTERPOSE_ADMIN_TOKEN);
    const management = managementAt(await (await open(t)).listen({ port: 0 }));
    const token = "a-token-of-the-environment";
    assert.equal((await management.request("GET", "/v1/tokens", undefined, { token })).status, 401);
  });

  const wrong: readonly { readonly options: object; readonly says: string }[] = [
    { options: { dataDri: "x" }, says: 'A setting is wrong:\n  Unrecognized key: "dataDri".' },
    {
      options: { limits: { maxReplyBytes: 0 }, adminToken: "secret" },
      says: "2 settings are wrong:\n  adminToken: Too small: expected string to have >=16 characters.\n  limits.maxReplyBytes: Too small: expected number to be >=1.",
    },
    { options: { egress: { allow: ["10.0.0.0/99"] } }, says: "10.0.0.0/99" },
  ];
  for (const { options, says } of wrong) {
    it(`refuses ${JSON.stringify(options)}`, async (t) => {
      const error: unknown = await createInterpose({ dataDir: await temporaryDirectory(t), ...options }).catch(
        (refusal: unknown) => refusal,
      );
      assert.ok(error instanceof InterposeError, String(error));
      assert.equal(error.reason, "settings_invalid");
      assert.ok(error.message.includes(says), error.message);
    });
  }

  it("refuses a data directory that another one has, and leaves that one alone", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const options = { dataDir, adminToken: ADMIN_TOKEN, log: { level: "silent" } } as const;
    const first = await createInterpose(options);
    cleanUp(t, () => first.close());
    await assert.rejects(createInterpose(options), { reason: "data_dir_in_use" });
    const management = managementAt(await first.listen({ port: 0 }));
    assert.equal((await management.request("GET", "/v1/tokens")).status, 200);
  });

  it("ends what it has started, once, and refuses what executions would have looked at", async (t) => {
    const interpose = await open(t, { services: [SHOP] });
    const url = await interpose.listen({ port: 0 });
    const target = await createTarget(managementAt(url), { endpoint: "http://127.0.0.1:1/" });
    await setExecution(managementAt(url), { request: { all: true } }, [target]);
    await interpose.close();
    await interpose.close();
    await assert.rejects(fetch(`${url}/healthz`));
    const shop = createRouterTransport(
      (router) =>
        void router.service(
          SHOP,
          shopHandlers(createNotes(), (_code, text) => new Error(text)),
        ),
      { router: { interceptors: [interposeInterceptor(interpose)] } },
    );
    await assert.rejects((createClient(SHOP, shop) as any).order({ item: "tea" }), /could not be reached|broke off/);
  });
});
