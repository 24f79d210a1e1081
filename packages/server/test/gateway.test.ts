import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, beforeEach, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { createTarget, setExecution } from "./harness/api.ts";
import { createCertificate } from "./harness/certificate.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { openRaw, rawRequest } from "./harness/raw-http.ts";
import { startServer, temporaryDirectory, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const ORDER = "/shop.v1.Shop/Order";

describe("interpose serve with a gateway", () => {
  let shop: Shop;
  let protos: string;
  let server: TestServer;
  let hook: TestTarget;
  let client: ReturnType<typeof shopClient>;
  const suite = forSuite();
  before(async () => {
    shop = await startShop(suite);
    hook = await startTarget(suite);
    protos = await temporaryDirectory(suite);
    await cp(SHOP_PROTOS, protos, { recursive: true });
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: protos,
        INTERPOSE_GATEWAY_OPENAPI: "true",
      },
    });
    client = shopClient(suite, gatewayAddress(server));
  });
  beforeEach(() => {
    hook.calls.length = 0;
    hook.reply({});
  });

  it("lists the API's methods and services beside its own", async () => {
    const { body } = await server.request("GET", "/v3alpha/executions/methods");
    assert.ok(body.methods.includes(ORDER));
    assert.ok(body.methods.includes("/zitadel.action.v3alpha.ActionService/SetExecution"));
    assert.deepEqual(body.methods, [...body.methods].sort());
    const { body: services } = await server.request("GET", "/v3alpha/executions/services");
    assert.ok(services.services.includes("shop.v1.Shop"));
  });

  it("hooks a method of the API from the moment that its execution is set", async () => {
    assert.equal((await order(client, { item: "tea", count: 1 })).text, "1 tea");
    const target = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, { request: { method: ORDER } }, [target]);
    hook.reply({ body: { count: 7 } });
    assert.equal((await order(client, { item: "tea", count: 1, password: "secret" })).text, "7 tea");
    assert.deepEqual(hook.calls[0]?.body.request, { item: "tea", count: 1 });
    assert.equal(hook.calls[0].body.fullMethod, ORDER);
    hook.reply({ body: { forwardedStatusCode: 429, forwardedErrorMessage: "sold out" } });
    await assert.rejects(order(client, { item: "tea" }), { code: status.RESOURCE_EXHAUSTED, details: /sold out/ });
    await server.request("DELETE", "/v3alpha/executions", { condition: { request: { method: ORDER } } });
    assert.equal((await order(client, { item: "tea", count: 1 })).text, "1 tea");
  });

  it("serves the API in REST, and describes it", async () => {
    const url = `http://${gatewayAddress(server)}`;
    const body = JSON.stringify({ item: "tea", count: 2 });
    const headers = { "content-type": "application/json" };
    const ordered = await fetch(`${url}/v1/orders`, { method: "POST", headers, body });
    assert.deepEqual([ordered.status, await ordered.json()], [200, { text: "2 tea", total: 2 }]);
    const bad = await fetch(`${url}/v1/orders`, { method: "POST", headers, body: '{"item":"bad"}' });
    const { code, message, details }: any = await bad.json();
    assert.deepEqual([bad.status, code, message, details[1].reason], [400, 9, "no such item", "BAD_REQUEST"]);
    const described: any = await (await fetch(`${url}/openapi.json`)).json();
    assert.equal(described.paths["/v1/orders"].post.operationId, "shop.v1.Shop.Order");
  });

  it("logs each run of the gateway, without what is in the messages", async () => {
    const target = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { response: { service: "shop.v1.Shop" } }, [target]);
    await order(client, { item: "a secret order", count: 1 });
    await eventually("the log", () => new RegExp(`"run.ended".*"response".*"${ORDER}"`).test(server.stderr()));
    assert.ok(!server.stderr().includes("a secret order"));
    await server.request("DELETE", "/v3alpha/executions", { condition: { response: { service: "shop.v1.Shop" } } });
  });

  it("follows the API's descriptors without a restart, keeps executions of methods that vanish, and says so", async () => {
    const target = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { request: { method: ORDER } }, [target]);
    const file = join(protos, "shop/v1/shop.proto");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("rpc Order(", "rpc Buy("));
    const methods = async (): Promise<string[]> =>
      (await server.request("GET", "/v3alpha/executions/methods")).body.methods;
    await eventually("the new method", async () => (await methods()).includes("/shop.v1.Shop/Buy"));
    assert.ok(!(await methods()).includes(ORDER));
    await eventually("the log", () =>
      new RegExp(`"gateway.methods_changed".*"vanished":\\["${ORDER}"\\]`).test(server.stderr()),
    );
    // If it is gone in truth, the API would refuse it too; if not, nobody may get past the hook.
    await assert.rejects(order(client, { item: "tea" }), { code: status.UNAVAILABLE, details: /has not said/ });
    assert.equal(hook.calls.length, 0);
    const { body } = await server.request("POST", "/v3alpha/executions/search", {});
    assert.equal(body.result.length, 1);
    await writeFile(file, "syntax = what?");
    await eventually("the log", () => server.stderr().includes("gateway.not_described"));
    assert.ok((await methods()).includes("/shop.v1.Shop/Buy"), "what was known stays");
    await writeFile(file, text);
    await eventually("the old method", async () => (await methods()).includes(ORDER));
    await order(client, { item: "tea", count: 1 });
    assert.equal(hook.calls.length, 1);
  });
});

describe("a gateway that asks its API what it is", () => {
  it("takes interpose itself for an API, by reflection, and ends well", async (t) => {
    const api = await startServer(t);
    const server = await startServer(t, {
      env: { INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0", INTERPOSE_GATEWAY_UPSTREAM: api.url },
    });
    const { body } = await server.request("GET", "/v3alpha/executions/services");
    assert.ok(body.services.includes("zitadel.action.v3alpha.ActionService"));
    const through = await fetch(`http://${gatewayAddress(server)}/v3alpha/executions/functions`, {
      headers: { authorization: "Bearer an-admin-token-for-tests-only" },
    });
    assert.equal(through.status, 200, "REST passes, over HTTP/1.1");
    assert.ok(((await through.json()) as any).functions.includes("preuserinfo"));
    assert.equal(await server.stop(), 0);
  });

  it("starts while its API is away, and says so", async (t) => {
    const server = await startServer(t, {
      env: { INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0", INTERPOSE_GATEWAY_UPSTREAM: "http://127.0.0.1:1" },
    });
    assert.match(server.stderr(), /"gateway.not_described".*127\.0\.0\.1:1/);
    const client = shopClient(t, gatewayAddress(server));
    await assert.rejects(order(client, { item: "tea" }), { code: status.UNAVAILABLE, details: /cannot be reached/ });
    const rest = await fetch(`http://${gatewayAddress(server)}/anything`);
    assert.equal(rest.status, 503);
    assert.equal(((await rest.json()) as any).code, 14);
    const target = await createTarget(server, { endpoint: "http://127.0.0.1:1/" });
    await setExecution(server, { request: { all: true } }, [target]);
    await assert.rejects(order(client, { item: "tea" }), { code: status.UNAVAILABLE, details: /has not said/ });
  });
});

describe("a gateway with TLS on both sides", () => {
  it("is set by files, and says so in its URL", async (t) => {
    const { certFile, keyFile, ca } = await createCertificate(t);
    const api = await startServer(t, { env: { INTERPOSE_TLS_CERT: certFile, INTERPOSE_TLS_KEY: keyFile } });
    const server = await startServer(t, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: api.url,
        INTERPOSE_GATEWAY_UPSTREAM_CA: certFile,
        INTERPOSE_GATEWAY_HTTP: "1.1",
        INTERPOSE_GATEWAY_TLS_CERT: certFile,
        INTERPOSE_GATEWAY_TLS_KEY: keyFile,
      },
    });
    // Reflection trusts the authority too.
    const { body } = await server.request("GET", "/v3alpha/executions/services");
    assert.ok(body.services.includes("zitadel.action.v3alpha.ActionService"));
    const port = /Gateway +https:\/\/127\.0\.0\.1:(\d+) before/.exec(server.stdout())?.[1];
    const raw = await openRaw(t, Number(port), { ca });
    raw.write(rawRequest("GET", "/healthz"));
    assert.equal((await raw.answer()).status, 200);
  });

  it("does not start with files that are none, and names the setting", async (t) => {
    const { certFile, keyFile } = await createCertificate(t);
    const env = { INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0", INTERPOSE_GATEWAY_UPSTREAM: "https://127.0.0.1:1" };
    const cases: readonly [Record<string, string>, RegExp][] = [
      [{ INTERPOSE_GATEWAY_UPSTREAM_CA: keyFile }, /upstreamCa: .* holds no certificates/],
      [{ INTERPOSE_GATEWAY_TLS_CERT: keyFile, INTERPOSE_GATEWAY_TLS_KEY: certFile }, /tls\.cert, .*tls\.key: /],
      [{ INTERPOSE_GATEWAY_TLS_CERT: certFile }, /gateway\.tls\.key/],
      [{ INTERPOSE_GATEWAY_HTTP: "3" }, /gateway\.http/],
    ];
    for (const [more, text] of cases) await assert.rejects(startServer(t, { env: { ...env, ...more } }), text);
  });
});
