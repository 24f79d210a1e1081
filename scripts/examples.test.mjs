// The examples run as their first lines say, and are hooked over their management API, as a reader would.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Greeter } from "../examples/greet/gen/greet_pb.js";
import { newDatabaseUrl } from "../packages/server/test/harness/postgres.ts";
import { root } from "./install.mjs";

const TOKEN = "a-token-for-the-examples";
const METHOD = "/greet.v1.Greeter/Greet";

/** Starts an example, and answers what it prints of itself. It is stopped after the test, which it must survive without an error. */
async function start(t, file, waitFor) {
  const dataDir = mkdtempSync(join(tmpdir(), "interpose-example-"));
  const env = {
    ...process.env,
    PORT: "0",
    INTERPOSE_PORT: "0",
    INTERPOSE_DATA_DIR: dataDir,
    INTERPOSE_ADMIN_TOKEN: TOKEN,
  };
  const child = spawn(process.execPath, [join(root, "examples", file)], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGTERM");
    const [code, signal] = await ended;
    rmSync(dataDir, { recursive: true, force: true });
    assert.deepEqual([code, signal], [0, null], "it ends by itself when it is told to");
  });
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += chunk;
    const found = waitFor.map((pattern) => pattern.exec(text)?.[1]);
    if (found.every((each) => each !== undefined)) return found;
  }
  throw new Error(`${file} ended: ${text}`);
}

/** Has a target of the test's own change every answer of the example's method. */
async function hook(t, url) {
  const target = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { request: asked, response: greeted } = JSON.parse(text);
    response.end(JSON.stringify({ greeting: `${greeted.greeting} ${JSON.stringify(asked)}` }));
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  t.after(() => target.close().closeAllConnections());
  const send = async (method, path, body) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.clone().text());
    return answer.json();
  };
  const { id } = await send("POST", "/v3alpha/targets", {
    name: "changes",
    endpoint: `http://127.0.0.1:${target.address().port}/`,
    restCall: { interruptOnError: true },
    timeout: "5s",
  });
  await send("PUT", "/v3alpha/executions", { condition: { response: { method: METHOD } }, targets: [{ target: id }] });
}

describe("the examples", () => {
  it("connect-service.mjs serves, is managed on its own port, and is hooked", async (t) => {
    const [url] = await start(t, "connect-service.mjs", [/ready at (\S+)\n/]);
    const client = createClient(Greeter, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
    const greet = async () => (await client.greet({ name: "Ada", password: "secret" })).greeting;
    assert.equal(await greet(), "Hello, Ada!");
    await hook(t, url);
    assert.equal(await greet(), 'Hello, Ada! {"name":"Ada"}');
  });

  it("grpc-js-service.mjs serves, is managed on another port, and is hooked", async (t) => {
    const [management, url] = await start(t, "grpc-js-service.mjs", [/management at (\S+)\n/, /ready at (\S+)\n/]);
    const definition = loadSync(fileURLToPath(new URL("../examples/greet/greet.proto", import.meta.url)));
    const { Greeter: Client } = loadPackageDefinition(definition).greet.v1;
    const client = new Client(new URL(url).host, credentials.createInsecure());
    t.after(() => client.close());
    const greet = async () =>
      (await promisify(client.greet.bind(client))({ name: "Ada", password: "secret" })).greeting;
    assert.equal(await greet(), "Hello, Ada!");
    await hook(t, management);
    assert.equal(await greet(), 'Hello, Ada! {"name":"Ada"}');
  });

  it("embedded.mjs shows a call before and after it is hooked, and ends", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "examples/embedded.mjs")]);
    assert.equal(
      stdout,
      'Hello, Ada!\nthe target saw "Hello, Ada!" of /greet.v1.Greeter/Greet\nHello, Ada! (greeted by a target too)\n',
    );
  });

  it("outbox.mjs commits an event with what it tells of, or neither, and ends", async (t) => {
    const DATABASE_URL = await newDatabaseUrl(t);
    const env = { ...process.env, DATABASE_URL };
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "examples/outbox.mjs")], { env });
    assert.equal(
      stdout,
      'order 1 is placed\norder 2 is not: null value in column "item" of relation "orders" violates not-null constraint\norder.placed of 1: {"item":"tea"}\n',
    );
  });
});
