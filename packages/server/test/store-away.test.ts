// What a server does while its PostgreSQL is away, and after it has come back.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { embeddedStatus } from "../src/store/embedded/index.ts";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { commandLine, storeOf } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";
import { startTcpProxy } from "./harness/tcp-proxy.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";
const ON_LIST = { request: { method: methodName("ListTargets") } };

const list = (server: TestServer) => server.request("POST", "/v3alpha/targets/search", {});
const readyz = (server: TestServer) => server.request("GET", "/readyz", undefined, { token: null });

describe("a server whose PostgreSQL by URL goes away", { skip: BY_URL ? false : "the store is embedded" }, () => {
  it("answers UNAVAILABLE meanwhile, and goes on by itself once it is back", async (t) => {
    const url = new URL(await newDatabaseUrl(t));
    const proxy = await startTcpProxy(t, { host: url.hostname, port: Number(url.port) });
    const databaseUrl = Object.assign(new URL(url), { port: String(proxy.port) }).href;
    const server = await startServer(t, { databaseUrl });
    const hook = await startTarget(t);
    const id = await createTarget(server, { endpoint: hook.url });
    assert.equal((await list(server)).status, 200);

    await proxy.drop();
    await eventually("it is not ready", async () => (await readyz(server)).status === 503);
    assert.deepEqual((await readyz(server)).body, { status: "not ready", reason: "the store cannot be reached" });
    assert.equal(
      (await server.request("GET", "/healthz", undefined, { token: null })).status,
      200,
      "the process is up",
    );
    // Whatever kind of call: the caller is proven by the settings' token, and by a stored one.
    for (const token of [undefined, `ipt_1_${"x".repeat(43)}`]) {
      const { status, body } = await server.request("POST", "/v3alpha/targets/search", {}, { ...(token && { token }) });
      assert.deepEqual([status, body.code], [503, 14], JSON.stringify(body));
      assert.equal(body.message, "The database cannot be reached at the moment. Try again shortly.");
      const info = body.details.find((each: { reason?: string }) => each.reason);
      assert.deepEqual([info.reason, info.domain], ["STORE_UNAVAILABLE", "interpose"]);
    }
    // Away from this server alone: another way to the same database changes what it will have to know.
    const direct = commandLine({ INTERPOSE_DATABASE_URL: url.href }, ["--direct"]);
    await direct.json("executions", "set", `request${ON_LIST.request.method}`, "--target", id);

    await proxy.restore();
    await eventually("it is ready again", async () => (await readyz(server)).status === 200);
    await eventually("it knows what was set while it could not listen", async () => {
      assert.equal((await list(server)).status, 200);
      return hook.calls.length > 0;
    });
    await direct.json("executions", "delete", `request${ON_LIST.request.method}`);
    await eventually("it listens again", async () => {
      hook.calls.length = 0;
      await list(server);
      return hook.calls.length === 0;
    });
    assert.equal(await server.stop(), 0);
    const output = server.stdout() + server.stderr();
    assert.match(output, /"event":"call\.ended".*"code":"unavailable".*connect ECONNREFUSED/, "the log says why");
    assert.ok(!output.includes(url.password), "without the password");
  });

  it("survives that all its connections are ended, as by a restart", async (t) => {
    const server = await startServer(t);
    const { createDatabase } = await import("../src/store/database.ts");
    const database = createDatabase({ url: server.databaseUrl ?? "" });
    const [ended] = await database.query<{ count: bigint }>({
      text: `select count(pg_terminate_backend(pid)) as count from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()`,
      values: [],
    });
    await database.close();
    assert.ok((ended?.count ?? 0n) >= 2n, "the pool's and the router's");
    await eventually("calls pass", async () => {
      const { status } = await list(server);
      assert.ok([200, 503].includes(status), `a fault of nobody's: ${status}`);
      return status === 200;
    });
  });
});

describe("a server whose embedded PostgreSQL dies", { skip: BY_URL ? "the store is by URL" : false }, () => {
  it("starts it again, answers UNAVAILABLE meanwhile, and loses nothing", async (t) => {
    const server = await startServer(t);
    const hook = await startTarget(t);
    await setExecution(server, ON_LIST, [await createTarget(server, { endpoint: hook.url })]);
    for (let round = 1; round <= 2; round++) {
      const { pid } = await embeddedStatus(server.dataDir);
      assert.ok(pid !== undefined);
      process.kill(pid, "SIGKILL");
      const statuses = new Set<number>();
      await eventually(
        "it answers again, on another PostgreSQL",
        async () => {
          const { status, body } = await list(server);
          statuses.add(status);
          if (status === 503) assert.equal(body.code, 14);
          return status === 200 && (await embeddedStatus(server.dataDir)).pid !== pid;
        },
        30_000,
      );
      assert.deepEqual(
        [...statuses].filter((status) => status !== 200 && status !== 503),
        [],
        "no other status",
      );
      // A connection that broke may be the next that is asked, once.
      await eventually("it is ready", async () => (await readyz(server)).status === 200);
    }
    // Commands beside the server still find it, and it hears of what they do.
    const direct = commandLine(storeOf(server), ["--direct"]);
    await direct.json("executions", "delete", `request${ON_LIST.request.method}`);
    await eventually("it hears of changes", async () => {
      hook.calls.length = 0;
      await list(server);
      return hook.calls.length === 0;
    });
    assert.equal(await server.stop(), 0);
    assert.equal((await embeddedStatus(server.dataDir)).pid, undefined, "it stops the one that it started");
  });
});
