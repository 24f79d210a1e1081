import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { generateKeyPair } from "jose";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { AUDIENCE, startIssuer, type TestClaims, type TestIssuer, type TokenOptions } from "./harness/issuer.ts";
import { serve } from "./harness/serve.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { BY_HTTP, orderByHttp } from "./harness/shop-by-http.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const CLAIMS = { orgID: "org.id", projectID: "urn:example:project" };
const HEADERS = { userID: "X-User", orgID: "x-org", projectID: "x-project" };

/** What each gateway knows its callers by. */
function callersOf(issuer: string): Readonly<Record<string, object | undefined>> {
  const jwt = { issuer, audience: AUDIENCE, claims: CLAIMS };
  return {
    nobody: undefined,
    tokens: { jwt },
    keys: { jwt: { jwksUrl: `${issuer}/keys`, audience: AUDIENCE, algorithms: ["ES256"] } },
    required: { jwt, required: true },
    proxied: { proxy: { networks: ["127.0.0.0/8"], headers: HEADERS } },
    elsewhere: { proxy: { networks: ["10.0.0.0/8", "::1/128"], headers: HEADERS } },
    both: { jwt, proxy: { networks: ["127.0.0.0/8"], headers: HEADERS }, required: true },
  };
}

/** Metadata with a bearer token, and with other headers. */
function withToken(token: string, headers: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

function withHeaders(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

describe("who calls through a gateway", () => {
  let issuer: TestIssuer;
  let shop: Shop;
  let hook: TestTarget;
  let server: TestServer;
  const clients = new Map<string, ReturnType<typeof shopClient>>();
  const suite = forSuite();
  before(async () => {
    issuer = await startIssuer(suite);
    shop = await startShop(suite);
    hook = await startTarget(suite);
    const gateways = Object.entries(callersOf(issuer.url)).map(([name, callers]) => ({
      name,
      listen: "127.0.0.1:0",
      upstream: `http://${shop.address}`,
      descriptors: SHOP_PROTOS,
      callers,
      ...(name === "nobody" && { shownHeaders: ["X-Trace", "Authorization", "x-forwarded-for"] }),
    }));
    server = await startServer(suite, { env: { INTERPOSE_GATEWAYS: JSON.stringify(gateways) } });
    for (const { name } of gateways) clients.set(name, shopClient(suite, gatewayAddress(server, name)));
    const target = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await server.request("PATCH", `/v1/targets/${target}/settings`, { dialect: "DIALECT_V2" });
    await setExecution(server, { request: { method: "/shop.v1.Shop/Order" } }, [target]);
    await setExecution(server, { response: { method: "/shop.v1.Shop/Watch" } }, [target]);
  });
  beforeEach(() => {
    hook.calls.length = 0;
    shop.seen.length = 0;
  });

  const clientOf = (gateway: string): ReturnType<typeof shopClient> => clients.get(gateway) ?? assert.fail(gateway);

  /** Calls through a gateway, and answers who the target is told has called. */
  async function callerSeen(gateway: string, metadata = new Metadata()): Promise<Record<string, unknown>> {
    await order(clientOf(gateway), { item: "tea", count: 1 }, metadata);
    assert.equal(hook.calls.length, 1);
    const { userID, orgID, projectID } = hook.calls[0]?.body;
    return { userID, orgID, projectID };
  }
  const NOBODY = { userID: undefined, orgID: undefined, projectID: undefined };

  it("is not known where nothing is configured", async () => {
    assert.deepEqual(await callerSeen("nobody", withToken(await issuer.token(), { "x-user": "mallory" })), NOBODY);
  });

  it("is told by a token: by sub, by a claim inside of another, and by one whose name has dots", async () => {
    const token = await issuer.token({ org: { id: "org-1" }, "urn:example:project": 42 });
    assert.deepEqual(await callerSeen("tokens", withToken(token)), {
      userID: "user-1",
      orgID: "org-1",
      projectID: "42",
    });
    assert.deepEqual(shop.seen[0]?.metadata.get("authorization"), [`Bearer ${token}`], "the API gets it as it came");
  });

  it("is told by a token whose claims are of no use, as far as they are", async () => {
    const token = await issuer.token({ sub: "", org: { id: ["org-1"] }, "urn:example:project": { id: "p" } });
    assert.deepEqual(await callerSeen("tokens", withToken(token)), NOBODY);
    hook.calls.length = 0;
    const inherited = await issuer.token({ sub: undefined, org: "constructor" });
    assert.deepEqual(await callerSeen("tokens", withToken(inherited)), NOBODY);
  });

  it("is told by keys alone, in the algorithms that are configured", async () => {
    assert.deepEqual(await callerSeen("keys", withToken(await issuer.token())), NOBODY, "RS256 is not configured");
    hook.calls.length = 0;
    await issuer.addKey("ES256");
    // Keys are asked for again after a while.
    await eventually("the new key", async () => {
      hook.calls.length = 0;
      return (await callerSeen("keys", withToken(await issuer.token({ iss: "anybody" })))).userID === "user-1";
    });
  });

  const unproven: readonly (readonly [title: string, claims: TestClaims, options: TokenOptions])[] = [
    ["of another issuer", { iss: "https://other.example.com" }, {}],
    ["for another audience", { aud: "others" }, {}],
    ["without an audience", { aud: undefined }, {}],
    ["that has expired", { exp: Math.floor(Date.now() / 1000) - 60 }, {}],
    ["that never expires", { exp: undefined }, {}],
    ["that is not good yet", { nbf: Math.floor(Date.now() / 1000) + 300 }, {}],
    ["that is no access token", {}, { header: { typ: "logout+jwt" } }],
    [
      "signed with a text that all know",
      {},
      { header: { alg: "HS256" }, key: new TextEncoder().encode("x".repeat(32)) },
    ],
  ];
  for (const [title, claims, options] of unproven) {
    it(`is nobody by a token ${title}, or is refused where somebody must be known`, async () => {
      const token = await issuer.token(claims, options);
      assert.deepEqual(await callerSeen("tokens", withToken(token)), NOBODY);
      await assert.rejects(order(clientOf("required"), { item: "tea" }, withToken(token)), {
        code: status.UNAUTHENTICATED,
        details: /^The token is not valid/,
      });
      assert.equal(hook.calls.length, 1, "no target is called for it");
      assert.equal(shop.seen.length, 1, "and the API neither");
    });
  }

  it("is nobody by a token signed by a stranger, or by nobody", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const forged = await issuer.token({}, { key: privateKey });
    const [, payload = ""] = forged.split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
    for (const token of [forged, unsigned, `${unsigned}AAAA`, "not.a.token", "x", "x".repeat(12_000)]) {
      hook.calls.length = 0;
      assert.deepEqual(await callerSeen("tokens", withToken(token)), NOBODY);
      await assert.rejects(order(clientOf("required"), { item: "tea" }, withToken(token)), {
        code: status.UNAUTHENTICATED,
      });
    }
    await eventually("the log", () => /"token.refused".*"gateway":"tokens"/.test(server.stderr()));
    assert.ok(!server.stderr().includes(payload), "no token is logged");
  });

  it("is refused where somebody must be known and there is no token, with what to do", async () => {
    await assert.rejects(order(clientOf("required"), { item: "tea" }), {
      code: status.UNAUTHENTICATED,
      details: /Send the header "Authorization: Bearer TOKEN"/,
    });
    assert.deepEqual(await callerSeen("required", withToken(await issuer.token())), { ...NOBODY, userID: "user-1" });
  });

  it("must be known before the API hears of a call of which only the response is hooked", async () => {
    const stream = clientOf("required").Watch({ item: "tea", count: 1 });
    const code = await new Promise((resolve) => {
      stream.on("data", () => assert.fail("there is no message"));
      stream.on("error", (error: { code: number }) => resolve(error.code));
    });
    assert.equal(code, status.UNAUTHENTICATED);
    assert.equal(shop.seen.length, 0);
    const known = clientOf("required").Watch({ item: "tea", count: 3 }, withToken(await issuer.token()));
    const texts: string[] = [];
    for await (const { text } of known) texts.push(text);
    assert.deepEqual(texts, ["tea 1", "tea 2", "tea 3"]);
    assert.deepEqual(
      hook.calls.map(({ body }) => body.userID),
      ["user-1", "user-1", "user-1"],
    );
  });

  it("need not be known for what nothing hooks, and is not asked for", async () => {
    const before = issuer.requests.length;
    const collect = new Promise((resolve, reject) => {
      const call = clientOf("required").Collect(withToken("x.y.z"), (error: Error | null, answer: unknown) =>
        error ? reject(error) : resolve(answer),
      );
      call.write({ item: "tea", count: 2 });
      call.end();
    });
    assert.equal(((await collect) as any).total, 2);
    assert.equal(issuer.requests.length, before);
  });

  for (const form of Object.keys(BY_HTTP) as (keyof typeof BY_HTTP)[]) {
    it(`is known, and must be, in a call in ${form} too`, async () => {
      const address = gatewayAddress(server, "required");
      const large = { item: "x".repeat(200_000), count: 1 };
      const known = { authorization: `Bearer ${await issuer.token()}` };
      assert.equal((await orderByHttp(form, address, large, known)).body.total, 1);
      assert.equal(hook.calls[0]?.body.userID, "user-1");
      const refused = await orderByHttp(form, address, large, { authorization: "Bearer x.y.z" });
      assert.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, "Bearer"]);
      assert.equal(refused.body.code, form === "REST" ? 16 : "unauthenticated");
      assert.equal(shop.seen.length, 1);
    });
  }

  const FROM_PROXY = { "x-user": "alice", "x-org": "org-7", "x-project": "p-7" };
  it("is told by the headers of a proxy that is trusted", async () => {
    assert.deepEqual(await callerSeen("proxied", withHeaders(FROM_PROXY)), {
      userID: "alice",
      orgID: "org-7",
      projectID: "p-7",
    });
  });

  it("is not told by such headers of anybody else", async () => {
    const forged = withHeaders({ ...FROM_PROXY, "x-forwarded-for": "10.0.0.1", forwarded: "for=10.0.0.1" });
    assert.deepEqual(await callerSeen("elsewhere", forged), NOBODY);
  });

  it("is not told by a header that is there twice, as where a proxy adds to what its client sent", async () => {
    const metadata = withHeaders({ "x-org": "org-7" });
    metadata.add("x-user", "mallory");
    metadata.add("x-user", "alice");
    assert.deepEqual(await callerSeen("proxied", metadata), { ...NOBODY, orgID: "org-7" });
  });

  it("is told by the token before the proxy, and by the proxy where the token proves nobody", async () => {
    const token = await issuer.token();
    assert.equal((await callerSeen("both", withToken(token, FROM_PROXY))).userID, "user-1");
    hook.calls.length = 0;
    assert.equal((await callerSeen("both", withToken("x.y.z", FROM_PROXY))).userID, "alice");
    await assert.rejects(order(clientOf("both"), { item: "tea" }), { code: status.UNAUTHENTICATED });
  });

  it("is shown to targets by the headers that are named, and by no other, with the address that the gateway saw", async () => {
    const sent = { "x-trace": "t-1", cookie: "session=1", "x-api-key": "k", "x-forwarded-for": "192.0.2.1" };
    await order(clientOf("nobody"), { item: "tea", count: 1 }, withToken("named-and-so-shown", sent));
    assert.deepEqual(hook.calls[0]?.body.headers, {
      "X-Trace": ["t-1"],
      Authorization: ["Bearer named-and-so-shown"],
      "x-forwarded-for": ["192.0.2.1, 127.0.0.1"],
    });
    await order(clientOf("tokens"), { item: "tea", count: 1 }, withToken("not-named", sent));
    assert.deepEqual(Object.keys(hook.calls[1]?.body.headers).sort(), [
      "Content-Type",
      "Host",
      "X-Forwarded-For",
      "X-Forwarded-Host",
    ]);
  });
});

describe("a gateway whose issuer does not answer", () => {
  it("gives up a call of which it waits to know the caller when that goes away, and the API hears nothing of it", async (t) => {
    const silent = await serve(t, () => undefined);
    const shop = await startShop(t);
    const jwt = { jwksUrl: silent, audience: AUDIENCE };
    const gateway = {
      name: "required",
      listen: "127.0.0.1:0",
      upstream: `http://${shop.address}`,
      descriptors: SHOP_PROTOS,
      callers: { jwt, required: true },
    };
    const server = await startServer(t, { env: { INTERPOSE_GATEWAYS: JSON.stringify([gateway]) } });
    const target = await createTarget(server, { endpoint: "http://127.0.0.1:1/" });
    await setExecution(server, { response: { all: true } }, [target]);
    const client = shopClient(t, gatewayAddress(server, "required"));
    const issuer = await startIssuer(t);
    const metadata = withToken(await issuer.token());
    const began = performance.now();
    await assert.rejects(order(client, { item: "tea" }, metadata, { deadline: Date.now() + 300 }), {
      code: status.DEADLINE_EXCEEDED,
    });
    const waiting = order(client, { item: "x".repeat(1_000_000) }, metadata);
    await assert.rejects(waiting, { code: status.UNAUTHENTICATED });
    assert.ok(performance.now() - began < 8_000, "the issuer is not waited for much longer than five seconds");
    assert.equal(shop.seen.length, 0);
  });
});

describe("a gateway whose issuer is away", () => {
  it("lets calls pass as nobody's, at once, or refuses them, and knows its callers when the issuer is back", async (t) => {
    const issuer = await startIssuer(t);
    await issuer.close();
    const shop = await startShop(t);
    const hook = await startTarget(t);
    const jwt = { jwksUrl: `${issuer.url}/keys`, issuer: issuer.url, audience: AUDIENCE };
    const gateways = [
      { name: "open", callers: { jwt } },
      { name: "required", callers: { jwt, required: true } },
    ].map((each) => ({ ...each, listen: "127.0.0.1:0", upstream: `http://${shop.address}`, descriptors: SHOP_PROTOS }));
    const server = await startServer(t, { env: { INTERPOSE_GATEWAYS: JSON.stringify(gateways) } });
    const target = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { request: { all: true } }, [target]);
    const token = await issuer.token();
    const open = shopClient(t, gatewayAddress(server, "open"));
    const required = shopClient(t, gatewayAddress(server, "required"));
    const began = performance.now();
    for (let i = 0; i < 10; i++) {
      await order(open, { item: "tea", count: 1 }, withToken(token));
      await assert.rejects(order(required, { item: "tea" }, withToken(token)), { code: status.UNAUTHENTICATED });
    }
    assert.ok(performance.now() - began < 3_000, "no call waits for the issuer");
    assert.equal(hook.calls.length, 10);
    assert.equal(hook.calls[0]?.body.userID, undefined);
    await issuer.open();
    await eventually("the issuer is asked again", () =>
      order(required, { item: "tea", count: 1 }, withToken(token)).then(
        () => true,
        () => false,
      ),
    );
    assert.equal(hook.calls.at(-1)?.body.userID, "user-1");
  });
});
