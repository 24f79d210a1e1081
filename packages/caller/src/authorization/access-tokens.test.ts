import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { LOOPBACK, assertFailed, request } from "../../test/call.ts";
import { answer, bodyOf, startEndpoint, type Endpoint } from "../../test/endpoint.ts";
import { createConnectionPools } from "../connection-pools.ts";
import type { OAuthClient } from "../credentials.ts";
import { createTargetCaller, type HttpTargetCaller } from "../target-caller.ts";
import { validateTargetCallerOptions, type TargetCallerOptions } from "../options.ts";
import { createAccessTokens, type AccessTokens } from "./access-tokens.ts";

const SECRET = "s3cr3t: ü&+";

/** A token endpoint, with the requests that it got. Default: it grants `token-1`, `token-2`... for an hour. */
async function startIssuer(
  t: TestContext,
  reply: (n: number, response: ServerResponse, incoming: IncomingMessage) => unknown = (n, response) =>
    answer(response, 200, { access_token: `token-${n}`, token_type: "Bearer", expires_in: 3600 }),
): Promise<Endpoint & { readonly asked: { readonly authorization?: string | undefined; readonly form: string }[] }> {
  const asked: { authorization?: string | undefined; form: string }[] = [];
  const endpoint = await startEndpoint(t, async (incoming, response) => {
    assert.equal(incoming.headers["content-type"], "application/x-www-form-urlencoded");
    asked.push({ authorization: incoming.headers.authorization, form: await bodyOf(incoming) });
    await reply(asked.length, response, incoming);
  });
  return { ...endpoint, asked };
}

function clientOf(tokenUrl: string, given: Partial<OAuthClient> = {}): OAuthClient {
  return { tokenUrl, clientId: "client 1", clientSecret: SECRET, scopes: [], ...given };
}

/** Access tokens by a clock of the test. */
function tokensBy(t: TestContext, now: () => number): AccessTokens {
  const resolve = (): Promise<never> => Promise.reject(new Error("ENOTFOUND"));
  const pools = createConnectionPools(validateTargetCallerOptions({ egressAllow: LOOPBACK, resolve }));
  t.after(() => pools.destroy());
  return createAccessTokens({ pools, userAgent: "interpose/test", now });
}

/** A target that notes what authorizes its calls, and a caller of it as the client. */
async function startTarget(
  t: TestContext,
  oauth: OAuthClient,
  status: (authorization: string | undefined) => number = () => 200,
  options: Partial<TargetCallerOptions> = {},
): Promise<Endpoint & { readonly seen: (string | undefined)[]; readonly caller: HttpTargetCaller }> {
  const seen: (string | undefined)[] = [];
  const endpoint = await startEndpoint(t, ({ headers: { authorization } }, response) => {
    seen.push(authorization);
    answer(response, status(authorization));
  });
  const credentialsOf = () => ({ signingKeys: [], oauth });
  const caller = createTargetCaller({ egressAllow: LOOPBACK, credentialsOf, ...options });
  t.after(() => caller.close());
  return { ...endpoint, seen, caller };
}

const { signal } = new AbortController();

describe("calls with an access token", () => {
  it("have it, whatever else would authorize them, and share it", async (t) => {
    const issuer = await startIssuer(t);
    const target = await startTarget(t, clientOf(issuer.url));
    const url = target.url.replace("//", "//user:pass@");
    await Promise.all(Array.from({ length: 20 }, () => target.caller.call(request(url), signal)));
    await target.caller.call(request(url), signal);
    assert.deepEqual(new Set(target.seen), new Set(["Bearer token-1"]));
    assert.equal(target.seen.length, 21);
    assert.equal(issuer.asked.length, 1);
  });

  it("take it to no other origin", async (t) => {
    const issuer = await startIssuer(t);
    const other = await startTarget(t, clientOf(issuer.url));
    const endpoint = await startEndpoint(t, (_incoming, response) =>
      answer(response, 307, "", { location: other.url }),
    );
    await other.caller.call(request(endpoint.url), signal);
    assert.deepEqual(other.seen, [undefined]);
  });

  it("fail by a 401, after which another token is asked for", async (t) => {
    const issuer = await startIssuer(t);
    const target = await startTarget(t, clientOf(issuer.url), (given) => (given === "Bearer token-1" ? 401 : 200));
    assertFailed(await target.caller.call(request(target.url), signal), "status", 401);
    for (let i = 0; i < 2; i++) assert.equal((await target.caller.call(request(target.url), signal)).kind, "replied");
    assert.deepEqual(target.seen, ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);
  });

  it("fail by authorization where there is none to be had, and the target is not called", async (t) => {
    const issuer = await startIssuer(t, (_n, response) => answer(response, 401, { error: "invalid_client" }));
    const target = await startTarget(t, clientOf(issuer.url));
    const exchange = await target.caller.call(request(target.url), signal);
    assertFailed(exchange, "authorization");
    assert.ok(exchange.kind === "failed" && exchange.detail === "the token endpoint answered 401: invalid_client");
    assert.equal(target.connections(), 0);
  });

  it("keep to their own time while they wait for it", async (t) => {
    const issuer = await startIssuer(t, () => undefined);
    const target = await startTarget(t, clientOf(issuer.url));
    assertFailed(await target.caller.call(request(target.url, { timeoutMs: 60 }), signal), "timeout");
    const controller = new AbortController();
    const waiting = target.caller.call(request(target.url), controller.signal);
    controller.abort();
    assertFailed(await waiting, "cancelled");
    assert.equal(issuer.asked.length, 1);
  });

  it("ask no endpoint that the egress rules do not allow", async (t) => {
    const target = await startTarget(t, clientOf("http://10.0.0.1/token"));
    const exchange = await target.caller.call(request(target.url), signal);
    assertFailed(exchange, "authorization");
    assert.ok(exchange.kind === "failed");
    assert.match(exchange.detail, /^the token endpoint could not be asked: egress_denied, 10\.0\.0\.1: /);
  });
});

describe("createAccessTokens()", () => {
  it("asks by the target's own list of what may be called, and gives no other target what that allowed", async (t) => {
    const issuer = await startIssuer(t);
    const pools = createConnectionPools(validateTargetCallerOptions({}));
    t.after(() => pools.destroy());
    const tokens = createAccessTokens({ pools, userAgent: "interpose/test" });
    const client = clientOf(issuer.url);
    assert.equal(await tokens.of(client, LOOPBACK), "token-1");
    await assert.rejects(tokens.of(client, undefined), /could not be asked: egress_denied/);
    await assert.rejects(tokens.of(client, ["10.0.0.0/8"]), /could not be asked: egress_denied/);
    assert.equal(await tokens.of(client, LOOPBACK), "token-1");
    assert.equal(issuer.asked.length, 1);
  });

  it("asks as the client, in the form of RFC 6749", async (t) => {
    const issuer = await startIssuer(t);
    const tokens = tokensBy(t, () => 0);
    await tokens.of(clientOf(issuer.url, { scopes: ["a", "b c"], audience: "https://api.example/" }), undefined);
    await tokens.of(clientOf(issuer.url), undefined);
    const basic = Buffer.from("client+1:s3cr3t%3A+%C3%BC%26%2B").toString("base64");
    assert.deepEqual(issuer.asked, [
      {
        authorization: `Basic ${basic}`,
        form: "grant_type=client_credentials&scope=a+b+c&audience=https%3A%2F%2Fapi.example%2F",
      },
      { authorization: `Basic ${basic}`, form: "grant_type=client_credentials" },
    ]);
  });

  const lives: readonly [expiresIn: unknown, usedForMs: number][] = [
    [3600, 3_570_000],
    ["3600", 3_570_000],
    [100, 90_000],
    [undefined, 54_000],
    [1e12, 86_370_000],
  ];
  for (const [expiresIn, usedForMs] of lives) {
    it(`uses a token that expires in ${String(expiresIn)} s for ${usedForMs} ms`, async (t) => {
      let now = 0;
      const issuer = await startIssuer(t, (n, response) =>
        answer(response, 200, { access_token: `token-${n}`, token_type: "bearer", expires_in: expiresIn }),
      );
      const tokens = tokensBy(t, () => now);
      const client = clientOf(issuer.url);
      assert.equal(await tokens.of(client, undefined), "token-1");
      now = usedForMs - 1;
      assert.equal(await tokens.of(client, undefined), "token-1");
      now = usedForMs;
      assert.equal(await tokens.of(client, undefined), "token-2");
    });
  }

  it("has tokens of each client apart, one with another secret among them", async (t) => {
    const issuer = await startIssuer(t);
    const tokens = tokensBy(t, () => 0);
    const clients = [{}, { clientSecret: "new" }, { clientId: "2" }, { scopes: ["a"] }, { audience: "b" }];
    const got: string[] = [];
    for (const given of [...clients, ...clients]) got.push(await tokens.of(clientOf(issuer.url, given), undefined));
    const each = clients.map((_, i) => `token-${i + 1}`);
    assert.deepEqual(got, [...each, ...each]);
  });

  it("drops the token that is in use, and no newer one", async (t) => {
    const issuer = await startIssuer(t);
    const tokens = tokensBy(t, () => 0);
    const client = clientOf(issuer.url);
    await tokens.of(client, undefined);
    tokens.drop(client, undefined, "token-0");
    assert.equal(await tokens.of(client, undefined), "token-1");
    tokens.drop(client, undefined, "token-1");
    assert.equal(await tokens.of(client, undefined), "token-2");
    tokens.drop(client, undefined, "token-1");
    assert.equal(await tokens.of(client, undefined), "token-2");
  });

  it("leaves an endpoint that failed alone for a second", async (t) => {
    let now = 0;
    const issuer = await startIssuer(t, (n, response) =>
      n === 1
        ? answer(response, 503)
        : answer(response, 200, { access_token: `token-${n}`, token_type: "Bearer", expires_in: 10 }),
    );
    const tokens = tokensBy(t, () => now);
    const client = clientOf(issuer.url);
    for (now of [0, 999])
      await assert.rejects(tokens.of(client, undefined), /^Failed: the token endpoint answered 503$/);
    assert.equal(issuer.asked.length, 1);
    now = 1_000;
    assert.equal(await tokens.of(client, undefined), "token-2");
  });

  const bad: readonly [what: string, status: number, body: unknown, headers: Record<string, string>, detail: RegExp][] =
    [
      ["an error of its own", 400, { error: `no ${SECRET}`, error_description: SECRET }, {}, /answered 400$/],
      ["invalid_scope", 400, { error: "invalid_scope" }, {}, /answered 400: invalid_scope$/],
      ["no JSON", 200, `<html>${SECRET}`, {}, /answered no access token/],
      ["a list", 200, [SECRET], {}, /answered no access token/],
      ["null", 200, "null", {}, /answered no access token/],
      ["nothing", 200, "", {}, /answered no access token/],
      [
        "a token of two lines",
        200,
        { access_token: "a\r\nb: c", token_type: "Bearer" },
        {},
        /answered no access token/,
      ],
      ["a token of a megabyte", 200, { access_token: "a".repeat(1e6), token_type: "Bearer" }, {}, /reply_too_large/],
      ["a long token", 200, { access_token: "a".repeat(20_000), token_type: "Bearer" }, {}, /no access token/],
      ["a number", 200, { access_token: 1, token_type: "Bearer" }, {}, /answered no access token/],
      ["another type", 200, { access_token: "a", token_type: "mac" }, {}, /another type than Bearer/],
      ["no type", 200, { access_token: "a" }, {}, /another type than Bearer/],
      ["one of the past", 200, { access_token: "a", token_type: "Bearer", expires_in: 0 }, {}, /has expired/],
      ["one of no time", 200, { access_token: "a", token_type: "Bearer", expires_in: "soon" }, {}, /has expired/],
      ["a redirect", 307, "", { location: "/elsewhere" }, /answered 307$/],
    ];
  for (const [what, status, body, headers, detail] of bad) {
    it(`takes no token from an endpoint that answers ${what}, and does not repeat it`, async (t) => {
      const issuer = await startIssuer(t, (_n, response) => answer(response, status, body, headers));
      await assert.rejects(tokensBy(t, () => 0).of(clientOf(issuer.url), undefined), (error: Error) => {
        assert.equal((error as Error & { failure?: string }).failure, "authorization");
        assert.match(error.message, detail);
        assert.ok(!error.message.includes("s3cr3t"));
        return true;
      });
      assert.equal(issuer.asked.length, 1);
    });
  }

  for (const tokenUrl of ["nowhere", "ftp://127.0.0.1/"]) {
    it(`asks no ${tokenUrl}`, async (t) => {
      await assert.rejects(tokensBy(t, () => 0).of(clientOf(tokenUrl), undefined), /is not an http or https URL/);
    });
  }

  it("says that nobody is there", async (t) => {
    await assert.rejects(
      tokensBy(t, () => 0).of(clientOf("http://127.0.0.1:1/"), undefined),
      /could not be asked: connect, /,
    );
    await assert.rejects(
      tokensBy(t, () => 0).of(clientOf("http://a.invalid/"), undefined),
      /could not be asked: dns, /,
    );
  });
});
