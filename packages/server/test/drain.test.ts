import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { cleanUp } from "./harness/cleanup.ts";
import { actionClient } from "./harness/clients.ts";
import { eventually } from "./harness/eventually.ts";
import { grpcJsClient } from "./harness/grpc-js.ts";
import { openRaw, rawRequest } from "./harness/raw-http.ts";
import { openHttp2 } from "./harness/raw-http2.ts";
import { ADMIN_TOKEN, startServer, type TestServer, type TestServerOptions } from "./harness/server.ts";
import { startTarget, type TargetReply, type TestTarget } from "./harness/target.ts";

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
const SEARCH = "/v3alpha/targets/search";

describe("a server that is told to stop", { concurrency: true }, () => {
  it("lets running calls end, takes no new ones, says so, and exits with 0", async (t) => {
    const { server, hook, release } = await startHooked(t, "restWebhook");
    const rest = await openRaw(t, server.port);
    rest.write(rawRequest("POST", SEARCH, { headers: AUTHORIZED, body: "{}" }));
    const grpc = actionClient(server, "gRPC over HTTP/2").listTargets({});
    const web = actionClient(server, "gRPC-Web over HTTP/1.1").listTargets({});
    const half = await openRaw(t, server.port);
    half.write("GET /readyz HTTP/1.1\r\nhost: a\r\n");
    // What holds nothing up: connections without a call, and a stream of reflection that its client leaves open.
    const idle = await openRaw(t, server.port);
    idle.write(rawRequest("GET", "/healthz"));
    await idle.answer();
    const silent = await openRaw(t, server.port);
    await openHttp2(t, server.url);
    const asked = askReflection(t, server);
    await eventually("all calls are at the target", () => hook.calls.length === 3 && asked.answered());

    server.child.kill("SIGTERM");
    await eventually("new connections are refused", () => isRefused(server.port));
    await Promise.all([idle.closed(), silent.closed(), eventually("the stream is ended", asked.ended)]);
    half.write("\r\n");
    const readiness = await half.answer();
    assert.deepEqual(
      [readiness.status, readiness.body],
      [503, { status: "not ready", reason: "the server is stopping" }],
    );
    assert.equal(readiness.headers.get("connection"), "close");
    assert.equal(server.child.exitCode, null, "it waits for the calls");

    release();
    const answer = await rest.answer();
    assert.deepEqual([answer.status, answer.headers.get("connection")], [200, "close"]);
    assert.ok((await grpc).details && (await web).details);
    assert.equal(await server.stop(), 0);
    await Promise.all([rest.closed(), half.closed()]);
    assert.match(server.stderr(), /"event":"server\.stopping","reason":"SIGTERM"/);
    assert.match(server.stderr(), /"event":"server\.stopped","clean":true/);
  });

  it("waits for targets that are not waited for otherwise", async (t) => {
    const { server, hook, release } = await startHooked(t, "restAsync");
    assert.equal((await server.request("POST", SEARCH, {})).status, 200);
    await eventually("the target is called", () => hook.calls.length === 1);
    server.child.kill("SIGINT");
    await eventually("new connections are refused", () => isRefused(server.port));
    // Long enough for an exit that did not wait.
    const exited = new Promise((resolve) => server.child.once("exit", () => resolve("exited")));
    const waited = new Promise((resolve) => setTimeout(() => resolve("waiting"), 500));
    assert.equal(await Promise.race([exited, waited]), "waiting");
    release();
    assert.equal(await server.stop(), 0);
    assert.equal(hook.calls[0]?.isGone(), false);
  });

  for (const seconds of [0, 1]) {
    it(`cuts what has not ended after ${seconds} s, and exits with 0 all the same`, async (t) => {
      const env = { INTERPOSE_SHUTDOWN_TIMEOUT_SECONDS: String(seconds) };
      const { server, hook } = await startHooked(t, "restWebhook", { env });
      const cut = await openRaw(t, server.port);
      cut.write(rawRequest("POST", SEARCH, { headers: AUTHORIZED, body: "{}" }));
      const grpc = actionClient(server, "gRPC over HTTP/2")
        .listTargets({})
        .then(
          () => "an answer",
          () => "cut",
        );
      await eventually("both calls are at the target", () => hook.calls.length === 2);
      const started = Date.now();
      assert.equal(await server.stop(), 0);
      const tookMs = Date.now() - started;
      assert.ok(tookMs >= seconds * 1_000 && tookMs < seconds * 1_000 + 5_000, `it took ${tookMs} ms`);
      await cut.closed();
      assert.equal(cut.rest(), "");
      assert.equal(await grpc, "cut");
      await eventually("the target is let go of", () => hook.calls.every((call) => call.isGone()));
    });
  }

  it("takes two signals at once for one, and ends at once when it is asked again later", async (t) => {
    const { server, hook } = await startHooked(t, "restWebhook");
    const call = await openRaw(t, server.port);
    call.write(rawRequest("POST", SEARCH, { headers: AUTHORIZED, body: "{}" }));
    await eventually("the call is at the target", () => hook.calls.length === 1);
    server.child.kill("SIGTERM");
    server.child.kill("SIGINT");
    const exited = new Promise((resolve) => server.child.once("exit", (code) => resolve(code)));
    // A terminal's Ctrl-C comes twice within a second through npm; somebody impatient needs longer.
    const waited = new Promise((resolve) => setTimeout(() => resolve("waiting"), 1_200));
    assert.equal(await Promise.race([exited, waited]), "waiting");
    server.child.kill("SIGTERM");
    assert.equal(await exited, 1);
    // What it left behind is no obstacle to the next one.
    const next = await startServer(t, { dataDir: server.dataDir, databaseUrl: server.databaseUrl });
    assert.equal((await next.request("GET", "/readyz")).status, 200);
  });
});

/** A server whose ListTargets calls a target of the given type, which answers when it is released. */
async function startHooked(
  t: TestContext,
  type: "restWebhook" | "restAsync",
  options: TestServerOptions = {},
): Promise<{ readonly server: TestServer; readonly hook: TestTarget; readonly release: () => void }> {
  const server = await startServer(t, options);
  const held = Promise.withResolvers<TargetReply>();
  const hook = await startTarget(t, () => held.promise);
  const target = await createTarget(server, { endpoint: hook.url, type, timeout: "60s" });
  await setExecution(server, { request: { method: methodName("ListTargets") } }, [target]);
  return { server, hook, release: () => held.resolve({}) };
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
  });
}

/** A stream of reflection that stays open. */
function askReflection(
  t: TestContext,
  server: TestServer,
): { readonly answered: () => boolean; readonly ended: () => boolean } {
  const service = "grpc.reflection.v1.ServerReflection";
  const client = grpcJsClient(t, {
    file: "grpc/reflection/v1/reflection.proto",
    service,
    address: `127.0.0.1:${server.port}`,
  });
  const stream = client.ServerReflectionInfo();
  cleanUp(t, () => stream.cancel());
  let [isAnswered, isEnded] = [false, false];
  stream.on("data", () => (isAnswered = true));
  stream.on("error", () => (isEnded = true));
  stream.on("end", () => (isEnded = true));
  stream.write({ listServices: "" });
  return { answered: () => isAnswered, ended: () => isEnded };
}
