import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { cleanUp, type Cleanup } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { createDatabase } from "../database.ts";
import { embeddedStatus, openEmbedded, stopEmbedded } from "./index.ts";

const OWNER = fileURLToPath(new URL("../../../test/harness/owner.ts", import.meta.url));

/** A data directory inside one that only its owner may enter. Whatever runs in it is stopped after the test. */
async function dataDirectory(t: Cleanup): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "interpose-test-"));
  const dataDir = join(parent, "data");
  cleanUp(t, async () => {
    const { pid } = await embeddedStatus(dataDir).catch(() => ({ pid: undefined }));
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    await rm(parent, { recursive: true, force: true, maxRetries: 20 });
  });
  return dataDir;
}

/** Starts a process that wants to own a data directory, and waits for what it says first. */
async function startOwner(
  t: Cleanup,
  dataDir: string,
): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const child = spawn(process.execPath, [OWNER, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  cleanUp(t, () => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await eventually("the owner says something", () => said.endsWith("\n"), 30_000);
  return { child, said: said.trim() };
}

async function killed(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

const onFatal = (error: unknown): void => assert.fail(String(error));

const pidOf = async (dataDir: string): Promise<number> =>
  (await embeddedStatus(dataDir)).pid ?? assert.fail("no PostgreSQL runs");

describe("the embedded PostgreSQL", () => {
  it("starts in an empty directory, keeps what it is given, and stops without a trace", async (t) => {
    const dataDir = await dataDirectory(t);
    const options = { dataDir, role: "serve" as const, onFatal };
    const first = await openEmbedded(options);
    const database = createDatabase(first.connection);
    await database.query({ text: "create table things (name text)", values: [] });
    await database.query({ text: "insert into things values ('ü')", values: [] });
    await database.close();
    await first.stop();
    assert.deepEqual(await embeddedStatus(dataDir), { initialized: true, pid: undefined, owner: undefined });

    const second = await openEmbedded(options);
    const again = createDatabase(second.connection);
    assert.deepEqual(await again.query({ text: "select name from things", values: [] }), [{ name: "ü" }]);
    await again.close();
    await second.stop();
  });

  it("keeps others out: mode 0700, a password, no TCP", async (t) => {
    const dataDir = await dataDirectory(t);
    const embedded = await openEmbedded({ dataDir, role: "serve", onFatal });
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
    assert.equal((await stat(join(dataDir, "postgres.password"))).mode & 0o777, 0o600);
    assert.ok(!("url" in embedded.connection));
    const stranger = createDatabase({ ...embedded.connection, password: "guessed" });
    await assert.rejects(stranger.query({ text: "select 1", values: [] }), (error: Error) =>
      String(error.cause).includes("password authentication failed"),
    );
    await stranger.close();
    const database = createDatabase(embedded.connection);
    const [settings] = await database.query({
      text: "select current_setting('listen_addresses') as tcp, current_setting('fsync') as fsync, current_setting('data_checksums') as checksums",
      values: [],
    });
    assert.deepEqual(settings, { tcp: "", fsync: "on", checksums: "on" });
    await database.close();
    await embedded.stop();
  });

  it("is one server's: the second says who holds it", async (t) => {
    const dataDir = await dataDirectory(t);
    const { child } = await startOwner(t, dataDir);
    const second = await startOwner(t, dataDir);
    assert.match(second.said, new RegExp(`^refused .* is in use by interpose serve \\(pid ${child.pid}\\)`));
    assert.equal((await embeddedStatus(dataDir)).owner, `interpose serve (pid ${child.pid})`);
    await assert.rejects(stopEmbedded(dataDir), /is in use by interpose serve/);
  });

  it("is one server's also when two make it at the same moment", async (t) => {
    const dataDir = await dataDirectory(t);
    const both = await Promise.all([startOwner(t, dataDir), startOwner(t, dataDir)]);
    const said = both.map((owner) => owner.said);
    assert.equal(
      said.filter((text) => /^refused .* is in use by interpose serve/.test(text)).length,
      1,
      said.join("\n"),
    );
    assert.equal(said.filter((text) => /^(adopted|started)$/.test(text)).length, 1, said.join("\n"));
    assert.ok(await pidOf(dataDir));
  });

  it("is adopted by the next server when the one before was killed", async (t) => {
    const dataDir = await dataDirectory(t);
    const { child } = await startOwner(t, dataDir);
    const pid = await pidOf(dataDir);
    await killed(child);
    const next = await startOwner(t, dataDir);
    assert.equal(next.said, "adopted");
    assert.equal(await pidOf(dataDir), pid, "it is the same one, not a second");
    next.child.kill("SIGTERM");
    await eventually("it stops with its server", async () => (await embeddedStatus(dataDir)).pid === undefined);
  });

  it("is stopped by hand when it was left behind", async (t) => {
    const dataDir = await dataDirectory(t);
    await killed((await startOwner(t, dataDir)).child);
    assert.equal(await stopEmbedded(dataDir), true);
    assert.equal(await stopEmbedded(dataDir), false);
  });

  it("starts anew when both were killed", async (t) => {
    const dataDir = await dataDirectory(t);
    const { child } = await startOwner(t, dataDir);
    const pid = await pidOf(dataDir);
    process.kill(pid, "SIGKILL");
    await killed(child);
    const next = await startOwner(t, dataDir);
    assert.equal(next.said, "started");
    assert.notEqual(await pidOf(dataDir), pid);
  });

  it("is started again by its server when it dies alone", async (t) => {
    const dataDir = await dataDirectory(t);
    const { child } = await startOwner(t, dataDir);
    const pid = await pidOf(dataDir);
    process.kill(pid, "SIGKILL");
    const owner = `interpose serve (pid ${child.pid})`;
    await eventually("another one, with the same owner", async () => {
      const status = await embeddedStatus(dataDir).catch(() => undefined);
      return status?.pid !== undefined && status.pid !== pid && status.owner === owner;
    });
  });

  it("leaves a stranger alone whose number stands in an old pid file", async (t) => {
    const dataDir = await dataDirectory(t);
    const options = { dataDir, role: "serve" as const, onFatal };
    await (await openEmbedded(options)).stop();
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    cleanUp(t, () => void stranger.kill("SIGKILL"));
    const lines = [stranger.pid, join(dataDir, "postgres"), 1, 5432, join(dataDir, "socket"), "", "", "ready"];
    await writeFile(join(dataDir, "postgres", "postmaster.pid"), `${lines.join("\n")}\n`);
    assert.equal((await embeddedStatus(dataDir)).pid, undefined, "it is not taken for PostgreSQL");
    assert.equal(await stopEmbedded(dataDir), false);
    const embedded = await openEmbedded(options);
    assert.equal(embedded.adopted, false);
    assert.equal(stranger.exitCode ?? stranger.signalCode, null, "the stranger lives");
    await embedded.stop();
  });

  it("serves a command beside its server, and starts for a command without one", async (t) => {
    const dataDir = await dataDirectory(t);
    const command = { dataDir, role: "cli" as const, onFatal };
    const alone = await openEmbedded(command);
    assert.ok(await pidOf(dataDir));
    await alone.stop();
    assert.equal((await embeddedStatus(dataDir)).pid, undefined);

    const { child } = await startOwner(t, dataDir);
    const beside = await openEmbedded(command);
    await beside.stop();
    assert.equal(
      (await embeddedStatus(dataDir)).owner,
      `interpose serve (pid ${child.pid})`,
      "the server still has it",
    );
  });

  // One that came while another was stopping PostgreSQL found "the database system is shutting down", or no socket.
  it("lets commands without a server take turns, however they meet", async (t) => {
    const dataDir = await dataDirectory(t);
    const command = { dataDir, role: "cli" as const, onFatal };
    await (await openEmbedded(command)).stop();
    const work = async (): Promise<void> => {
      const embedded = await openEmbedded(command);
      const database = createDatabase(embedded.connection);
      await database.query({ text: "select 1", values: [] });
      await database.close();
      await embedded.stop();
    };
    await Promise.all([work(), work(), work(), work()]);
    assert.equal((await embeddedStatus(dataDir)).pid, undefined);
  });

  it("finds a place for its socket when the path is too long for one", async (t) => {
    const parent = await dataDirectory(t);
    const dataDir = join(parent, "d".repeat(100));
    await mkdir(parent);
    await chmod(parent, 0o700);
    const embedded = await openEmbedded({ dataDir, role: "serve", onFatal });
    assert.ok(!("url" in embedded.connection));
    assert.ok(embedded.connection.host.length < 90, embedded.connection.host);
    const { host } = embedded.connection;
    await embedded.stop();
    await rm(host, { recursive: true });
  });

  it("writes a log", async (t) => {
    const dataDir = await dataDirectory(t);
    await (await openEmbedded({ dataDir, role: "serve", onFatal })).stop();
    assert.match(await readFile(join(dataDir, "postgres.log"), "utf8"), /ready to accept connections/);
  });
});
