// The targets in examples/receivers run as their first lines say, and are sent what an instance sends them: signed here by node:crypto and by the library of
// Standard Webhooks, which share nothing with what verifies it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { root } from "./install.mjs";

const SIGNING_KEY = "p9Xk2Lm4Qr7Tz1Vb6Nc8Wd3Yf5Gh0JsAeUiO";

/** Starts an example, and answers where it listens. It is stopped after the test, which it must survive without an error. */
async function start(t, file, env = {}) {
  const child = spawn(process.execPath, [join(root, "examples/receivers", file)], {
    env: { ...process.env, PORT: "0", SIGNING_KEY, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null], "it ends by itself when it is told to");
  });
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += chunk;
    const [, url] = /ready at (\S+)\n/.exec(text) ?? [];
    if (url) return url;
  }
  throw new Error(`${file} ended: ${text}`);
}

const seconds = () => Math.floor(Date.now() / 1000);

/** How an instance signs a body, by node:crypto. */
const signed = {
  zitadel(body, _id, t = seconds()) {
    const v1 = createHmac("sha256", SIGNING_KEY).update(`${t}.${body}`).digest("hex");
    return { "ZITADEL-Signature": `t=${t},v1=${v1}` };
  },
  webhook(body, id, t = seconds()) {
    const v1 = createHmac("sha256", SIGNING_KEY).update(`${id}.${t}.${body}`).digest("base64");
    return { "webhook-id": id, "webhook-timestamp": `${t}`, "webhook-signature": `v1,${v1}` };
  },
  library(body, id, t = seconds()) {
    const webhook = new Webhook(Buffer.from(SIGNING_KEY).toString("base64"));
    const signature = webhook.sign(id, new Date(t * 1000), body);
    return { "webhook-id": id, "webhook-timestamp": `${t}`, "webhook-signature": signature };
  },
};

async function post(url, body, headers) {
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  const text = await answer.text();
  return [answer.status, text === "" ? undefined : JSON.parse(text)];
}

/** What the documents show first, as a module of this checkout. */
async function firstExample(t, document) {
  const [, code] = /```js\n([^]*?)```/.exec(readFileSync(join(root, document), "utf8"));
  mkdirSync(join(root, ".tsbuild"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tsbuild/example-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "example.mjs"), code);
  return import(join(folder, "example.mjs"));
}

const METHOD = { fullMethod: "/orders.v1.Orders/Place", instanceID: "1", userID: "7" };

it("docs/receiver.md begins with a target that works", async (t) => {
  process.env.SIGNING_KEY = SIGNING_KEY;
  t.after(() => delete process.env.SIGNING_KEY);
  const worker = (await firstExample(t, "docs/receiver.md")).default;
  const body = JSON.stringify({ ...METHOD, request: { name: "Grace", age: 85 } });
  const send = (headers) => worker.fetch(new Request("http://target/", { method: "POST", body, headers }));
  assert.deepEqual(await (await send(signed.webhook(body, "1"))).json(), { name: "Ada", age: 85 });
  assert.equal((await send({})).status, 401);
});

describe("the targets in examples/receivers", () => {
  it("node.mjs refuses, changes and adds claims, for calls that are signed", async (t) => {
    const url = await start(t, "node.mjs");
    let count = 0;
    for (const headersOf of Object.values(signed)) {
      const send = (payload) => {
        const body = JSON.stringify(payload);
        return post(url, body, headersOf(body, `call.${++count}`));
      };
      assert.deepEqual(await send({ ...METHOD, request: { quantity: 12 } }), [204, undefined]);
      assert.deepEqual(await send({ ...METHOD, request: { quantity: 1200 } }), [
        200,
        { forwardedStatusCode: 403, forwardedErrorMessage: "no more than 100 of anything" },
      ]);
      assert.deepEqual(await send({ ...METHOD, request: {}, response: { id: "1" } }), [200, { id: "1", note: "seen" }]);
      assert.deepEqual(await send({ function: "function/preaccesstoken", user: { id: "1001" } }), [
        200,
        { append_claims: [{ key: "plan", value: "gold" }] },
      ]);
    }
    const body = JSON.stringify({ ...METHOD, request: {} });
    const old = seconds() - 301;
    for (const headers of [
      {},
      signed.zitadel(`${body} `),
      signed.zitadel(body, "", old),
      signed.library(body, "x", old),
    ])
      assert.equal((await post(url, body, headers))[0], 401);
  });

  it("express.mjs is told of each event once", async (t) => {
    const url = await start(t, "express.mjs");
    const event = { aggregateID: "17", aggregateType: "order", instanceID: "1", version: "v1", sequence: 3 };
    const times = { event_type: "order.paid", created_at: "2026-11-26T09:30:00.000Z" };
    const body = `{ ${JSON.stringify({ ...event, ...times, event_payload: { amount: 12 } }).slice(1)}`;
    for (const headersOf of [signed.webhook, signed.library, signed.webhook])
      assert.deepEqual(await post(`${url}hook`, body, headersOf(body, "1017")), [204, undefined]);
    const told = await (await fetch(`${url}told`)).json();
    assert.deepEqual(told, [{ event_type: "order.paid", aggregateID: "17", amount: 12 }]);
  });

  it("hono.mjs takes JWTs that the instance signed, and nothing less", async (t) => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" };
    const instance = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] }))).listen(
      0,
      "127.0.0.1",
    );
    await once(instance, "listening");
    t.after(() => instance.close().closeAllConnections());
    const url = await start(t, "hono.mjs", { JWKS: `http://127.0.0.1:${instance.address().port}/jwks.json` });
    const json = JSON.stringify({ ...METHOD, request: { text: "hello" } });
    const head = Buffer.from('{"alg":"RS256","kid":"k1"}').toString("base64url");
    const toSign = `${head}.${Buffer.from(json).toString("base64url")}`;
    const jwt = `${toSign}.${sign("sha256", Buffer.from(toSign), privateKey).toString("base64url")}`;
    assert.deepEqual(await post(`${url}hook`, jwt, signed.webhook(jwt, "1")), [200, { text: "hello", author: "7" }]);
    assert.deepEqual(await post(`${url}hook`, jwt, signed.zitadel(jwt)), [200, { text: "hello", author: "7" }]);
    const [status, { error }] = await post(`${url}hook`, json, signed.webhook(json, "2"));
    assert.deepEqual([status, error.code], [400, "payload_type"]);
  });
});
