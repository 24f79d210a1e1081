// The example of an OpenID provider, with a client that others wrote, an Interpose, and targets: from a login to tokens.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { createInterpose } from "interpose";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { root } from "./install.mjs";

const API = "https://api.example.com";
const CALLBACK = "http://127.0.0.1:9101/callback";
const LOG = "urn:zitadel:iam:action:function/preuserinfo:log";

describe("the example of an OpenID provider", () => {
  let dataDir;
  let interpose;
  let management;
  let provider;
  let issuer;
  let targetServer;
  let targetId;
  let config;
  /** What the target was sent, by the function's name. */
  const seen = [];
  /** What it answers, by the function's name. */
  let replies = {};

  before(async () => {
    targetServer = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const payload = JSON.parse(text);
      seen.push(payload);
      const { status = 200, body = {} } = replies[payload.function.replace("function/", "")] ?? {};
      response.writeHead(status).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    await once(targetServer, "listening");

    dataDir = mkdtempSync(join(tmpdir(), "interpose-oidc-"));
    interpose = await createInterpose({
      dataDir,
      egress: { allow: ["127.0.0.0/8"] },
      log: { level: "silent" },
    });
    management = await interpose.listen({ port: 0 });
    const { token } = await manage("POST", "/v1/tokens", { name: "provider", permissions: ["function.invoke"] });
    targetId = (
      await manage("POST", "/v3alpha/targets", {
        name: "claims",
        endpoint: `http://127.0.0.1:${targetServer.address().port}/`,
        restCall: { interruptOnError: true },
        timeout: "5s",
      })
    ).id;
    for (const name of ["preuserinfo", "preaccesstoken"]) await hook(name);

    provider = spawn(process.execPath, [join(root, "examples/oidc-provider/server.mjs")], {
      env: { ...process.env, PORT: "0", REDIRECT_URI: CALLBACK, INTERPOSE_URL: management, INTERPOSE_TOKEN: token },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    for await (const chunk of provider.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      text += chunk;
      issuer = /ready at (\S+)\n/.exec(text)?.[1];
      if (issuer) break;
    }
    assert.ok(issuer, text);
    const insecure = { execute: [client.allowInsecureRequests] };
    config = await client.discovery(new URL(issuer), "app", undefined, client.None(), insecure);
  });
  beforeEach(() => {
    seen.length = 0;
    replies = {};
  });
  after(async () => {
    const ended = provider && once(provider, "exit");
    provider?.kill("SIGTERM");
    const [code] = (await ended) ?? [];
    targetServer?.close().closeAllConnections();
    await interpose?.close();
    rmSync(dataDir, { recursive: true, force: true });
    assert.equal(code, 0, "it ends by itself when it is told to");
  });

  async function manage(method, path, body) {
    const headers = { authorization: `Bearer ${interpose.firstToken}`, "content-type": "application/json" };
    const answer = await fetch(management + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }
  const hook = (name) =>
    manage("PUT", "/v3alpha/executions", { condition: { function: { name } }, targets: [{ target: targetId }] });

  /** Logs in as a browser would, and answers the tokens. With a resource, the access token is a JWT for that. */
  async function logIn(email, resource) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const given = resource ? { resource } : {};
    const start = client.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: resource ? "openid profile read" : "openid profile",
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      state: expectedState,
      ...given,
    });
    const back = await browse(start, email);
    return client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState }, given);
  }

  /** Follows redirects with cookies, and fills the form of the login, until the client's own URL comes. */
  async function browse(start, email) {
    const cookies = new Map();
    let [url, form] = [start, undefined];
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(url, {
        method: form ? "POST" : "GET",
        body: form,
        redirect: "manual",
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
        cookies.set(name, value);
      }
      const location = answer.headers.get("location");
      form = undefined;
      if (location === null) {
        const page = await answer.text();
        assert.match(page, /<form method="post">/, page);
        form = new URLSearchParams({ email });
        continue;
      }
      url = new URL(location, url);
      if (url.href.startsWith(CALLBACK)) return url;
    }
    throw new Error("the browser goes in a circle");
  }

  const payloadsOf = (name) => seen.filter((payload) => payload.function === `function/${name}`);
  async function verified(token) {
    const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
    return (await jwtVerify(token, keys, { issuer, audience: API, typ: "at+jwt" })).payload;
  }

  it("has claims of preuserinfo in its id token and in userinfo", async () => {
    replies.preuserinfo = {
      body: {
        append_claims: [
          { key: "plan", value: { name: "gold" } },
          { key: "name", value: "somebody else" },
          { key: "urn:zitadel:iam:org:project:roles", value: ["admin"] },
        ],
        append_log_claims: ["looked at by the target"],
      },
    };
    const tokens = await logIn("ada@example.com");
    const claims = tokens.claims();
    assert.deepEqual([claims.sub, claims.name, claims.plan], ["1001", "Ada Lovelace", { name: "gold" }]);
    assert.deepEqual(claims[LOG], ['key "name" already exists', "looked at by the target"]);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.deepEqual(userinfo, {
      sub: "1001",
      name: "Ada Lovelace",
      plan: { name: "gold" },
      [LOG]: ['key "name" already exists', "looked at by the target"],
    });
    const [payload] = payloadsOf("preuserinfo");
    assert.deepEqual(payload, {
      function: "function/preuserinfo",
      userinfo: { sub: "1001", name: "Ada Lovelace", email: "ada@example.com" },
      user: { id: "1001", human: { display_name: "Ada Lovelace", email: "ada@example.com" } },
      user_metadata: [],
      org: { id: "1", name: "Analytical Engines" },
      application: { client_id: "app" },
    });
    assert.equal(payloadsOf("preaccesstoken").length, 0, "the access token is no JWT");
  });

  it("has claims of preaccesstoken in an access token that is a JWT, and none of them takes the place of its own", async () => {
    replies.preaccesstoken = {
      body: {
        append_claims: [
          { key: "department", value: "engines" },
          { key: "sub", value: "1" },
          { key: "aud", value: "https://elsewhere.example.com" },
          { key: "exp", value: 99_999_999_999 },
        ],
      },
    };
    const tokens = await logIn("ada@example.com", API);
    const { sub, aud, department, exp, ...rest } = await verified(tokens.access_token);
    assert.deepEqual([sub, aud, department], ["1001", API, "engines"]);
    assert.ok(exp < Date.now() / 1000 + 100_000);
    const log = rest["urn:zitadel:iam:action:function/preaccesstoken:log"];
    assert.deepEqual(
      log,
      ["sub", "aud", "exp"].map((key) => `key "${key}" already exists`),
    );
    assert.equal(payloadsOf("preaccesstoken")[0].userinfo.sub, "1001");
    assert.equal(tokens.claims().department, undefined);
  });

  it("keeps metadata that targets set, shows it to them from then on, and tells of what could not be kept", async () => {
    const value = Buffer.from("blue").toString("base64");
    replies.preuserinfo = {
      body: {
        set_user_metadata: [
          { key: "colour", value },
          { key: "no key", value },
        ],
      },
    };
    const tokens = await logIn("charles@example.com");
    assert.deepEqual(tokens.claims()[LOG], ['failed to set user metadata key "no key"']);
    await client.fetchUserInfo(config, tokens.access_token, "1002");
    assert.deepEqual(payloadsOf("preuserinfo").at(-1).user_metadata, [{ key: "colour", value }]);
  });

  it("gives no token that a target refuses, and tells the client why", async () => {
    for (const name of ["preuserinfo", "preaccesstoken"]) {
      replies = { [name]: { body: { forwardedStatusCode: 403, forwardedErrorMessage: "no engines on sundays" } } };
      await assert.rejects(logIn("ada@example.com", API), (error) => {
        assert.ok(error instanceof client.ResponseBodyError, String(error));
        assert.deepEqual([error.status, error.error], [400, "access_denied"]);
        assert.match(error.error_description, /^no engines on sundays/);
        return true;
      });
      replies = {};
      assert.ok((await logIn("ada@example.com", API)).access_token);
    }
  });

  it("gives no token where a target fails that interrupts, and tells the client nothing of it", async () => {
    replies.preaccesstoken = { status: 500, body: { reason: "a secret" } };
    await assert.rejects(logIn("ada@example.com", API), (error) => {
      assert.equal(error.error, "temporarily_unavailable");
      assert.ok(!JSON.stringify(error.cause).includes("target"), JSON.stringify(error.cause));
      return true;
    });
  });

  it("gives its own claims where nothing is set on the functions", async () => {
    for (const name of ["preuserinfo", "preaccesstoken"])
      await manage("DELETE", "/v3alpha/executions", { condition: { function: { name } } });
    const tokens = await logIn("ada@example.com", API);
    assert.equal(tokens.claims().plan, undefined);
    assert.equal((await verified(tokens.access_token)).sub, "1001");
    assert.equal(seen.length, 0);
    for (const name of ["preuserinfo", "preaccesstoken"]) await hook(name);
  });
});
