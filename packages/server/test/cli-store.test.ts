import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cleanUp, type Cleanup } from "./harness/cleanup.ts";
import { commandLine, storeOf, type CommandLine } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { testDatabaseUrl } from "./harness/postgres.ts";
import { startServer, temporaryDirectory } from "./harness/server.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";

/** A store that nothing has been done with yet. */
async function newStore(
  t: Cleanup,
): Promise<{ readonly dataDir: string; readonly databaseUrl: string | undefined; readonly cli: CommandLine }> {
  const dataDir = join(await temporaryDirectory(t), "data");
  const databaseUrl = await testDatabaseUrl(t);
  const cli = commandLine({ INTERPOSE_DATA_DIR: dataDir, INTERPOSE_DATABASE_URL: databaseUrl });
  cleanUp(t, async () => {
    if (existsSync(dataDir)) await cli.json("db", "stop");
  });
  return { dataDir, databaseUrl, cli };
}

describe("a store without a server", () => {
  it("is made by db migrate, and says how it stands before and after", async (t) => {
    const { dataDir, cli } = await newStore(t);
    const before = await cli.json("db", "status");
    if (BY_URL) assert.deepEqual([before.migrations.applied, before.embedded], [0, undefined]);
    else assert.deepEqual(before, { store: `embedded PostgreSQL in ${dataDir}`, embedded: { initialized: false } });
    assert.ok(!existsSync(dataDir), "looking makes nothing");

    const { applied, known } = await cli.documented("db migrate");
    assert.ok(known > 0);
    assert.equal(applied, known);
    const after = await cli.json("db", "status");
    if (BY_URL) {
      assert.deepEqual(after.migrations, { applied, known, pending: [] });
      assert.equal(before.migrations.pending.length, known);
    } else assert.deepEqual(after.embedded, { initialized: true });
    assert.deepEqual(await cli.lines("db", "migrate"), [
      `The database is up to date: ${known} of ${known} migrations.`,
    ]);
  });

  it("is made by tokens create --direct, and the token works once a server comes", async (t) => {
    const { dataDir, databaseUrl, cli } = await newStore(t);
    const { token } = await cli.json("tokens", "create", "--name", "first", "--role", "admin", "--direct");
    const { id } = await cli.json("targets", "create", "--name", "a", "--endpoint", "https://example.com", "--direct");
    await cli.json("executions", "set", "event", "--target", id, "--direct");
    assert.deepEqual(await cli.json("executions", "list", "--direct"), {
      executions: [{ condition: "event", targets: [{ target: id }] }],
    });
    if (!BY_URL) assert.deepEqual((await cli.json("db", "status")).embedded, { initialized: true }, "nothing runs on");

    const server = await startServer(t, { dataDir, databaseUrl });
    const { status, body } = await server.request("POST", "/v3alpha/executions/search", {}, { token });
    assert.deepEqual([status, body.result.length], [200, 1]);
    assert.equal(await server.stop(), 0);
  });

  it("is described without its password", { skip: BY_URL ? false : "the embedded store has no URL" }, async (t) => {
    const { databaseUrl = "", cli } = await newStore(t);
    const { hostname, port, pathname } = new URL(databaseUrl);
    const [store = ""] = await cli.lines("db", "status");
    assert.equal(store, `Store       PostgreSQL at ${hostname}:${port}${pathname}`);
  });
});

describe("the embedded PostgreSQL, by the command line", { skip: BY_URL ? "there is none" : false }, () => {
  it("is a server's while that runs, and is stopped by hand when the server was killed", async (t) => {
    const { dataDir, cli } = await newStore(t);
    const server = await startServer(t, { dataDir, databaseUrl: undefined });
    const owner = `interpose serve (pid ${server.pid})`;
    const status = await cli.documented("db status");
    assert.deepEqual([status.embedded.owner, status.migrations.pending], [owner, []]);
    assert.deepEqual((await cli.lines("db", "status")).slice(1), [
      `PostgreSQL  running (pid ${status.embedded.pid})`,
      `Owner       ${owner}`,
      `Migrations  ${status.migrations.applied} of ${status.migrations.known} applied`,
    ]);
    assert.match(await cli.refused(6, "db", "stop"), new RegExp(`^${dataDir} is in use by interpose serve \\(pid`));
    await cli.json("db", "migrate");
    assert.equal((await server.request("GET", "/readyz")).status, 200, "the commands left it alone");

    await server.kill();
    const left = await eventually("the owner is gone", async () => {
      const { embedded } = await cli.json("db", "status");
      return embedded.owner === undefined && embedded;
    });
    assert.deepEqual(left, { initialized: true, pid: status.embedded.pid });
    assert.deepEqual((await cli.lines("db", "status")).slice(1), [
      `PostgreSQL  running (pid ${left.pid})`,
      "Owner       nobody",
      "Migrations  unknown: PostgreSQL was left behind by a server that was killed; db stop stops it",
    ]);
    assert.deepEqual(await cli.documented("db stop"), { stopped: true });
    assert.deepEqual(await cli.json("db", "stop"), { stopped: false });
    assert.deepEqual(await cli.lines("db", "stop"), [`No PostgreSQL runs in ${dataDir}.`]);
  });

  it("is used by --direct when it was left behind, and stopped afterwards", async (t) => {
    const server = await startServer(t, { databaseUrl: undefined });
    const { id } = (await server.request("POST", "/v1/tokens", { name: "a", role: "ROLE_NONE" })).body;
    await server.kill();
    const cli = commandLine(storeOf(server));
    const { tokens } = await cli.json("tokens", "list", "--direct");
    assert.deepEqual(
      tokens.map((each: { id: string }) => each.id),
      [id],
    );
    assert.deepEqual((await cli.json("db", "status")).embedded, { initialized: true });
  });
});
