import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, type ConnectionSettings } from "../../src/store/database.ts";
import { findAccount, spawnAs } from "../../src/store/embedded/account.ts";
import { findBinaries, type Binaries } from "../../src/store/embedded/binaries.ts";

const PASSWORD = "a-password-for-tests-only";
const START_TIMEOUT_MS = 30_000;

/** A PostgreSQL on a port of loopback, which ends with this process. */
export interface TcpPostgres {
  readonly connection: ConnectionSettings;
  /** Of the process that runs now. */
  readonly pid: () => number;
  urlOf(database: string): string;
  /** Ends it by a signal (SIGINT as an operator does, SIGKILL as a fault does), and starts it again. One restart follows the other. */
  restart(signal: "SIGINT" | "SIGKILL"): Promise<void>;
}

/**
 * Starts a PostgreSQL as an operator would have one: reached by TCP with a password, and nothing of Interpose's doing.
 * INTERPOSE_TEST_POSTGRES_BIN names the folder of another version's programs. It is not safe against power loss, unless it shall be as slow as one that is.
 */
export async function startTcpPostgres({ isDurable = false } = {}): Promise<TcpPostgres> {
  const [account, binaries, port] = await Promise.all([findAccount(), testedBinaries(), freePort()]);
  const directory = mkdtempSync(join(tmpdir(), "interpose-test-postgres-"));
  const [cluster, passwordFile] = [join(directory, "data"), join(directory, "password")];
  writeFileSync(passwordFile, PASSWORD);
  if (account.ids) for (const path of [directory, passwordFile]) chownSync(path, account.ids.uid, account.ids.gid);
  const options = { cwd: directory, env: { PATH: process.env.PATH, LC_ALL: "C" }, stdio: "ignore" as const };

  const initArgs = [
    "-D",
    cluster,
    "-U",
    "tester",
    `--pwfile=${passwordFile}`,
    "-A",
    "scram-sha-256",
    "-E",
    "UTF8",
    "--no-locale",
    "--no-sync",
  ];
  const [code] = (await once(
    spawnAs(account, [binaries.initdb, directory], binaries.initdb, initArgs, options),
    "exit",
  )) as [number];
  if (code !== 0) throw new Error(`initdb of the test PostgreSQL exited with ${code}`);

  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    ...(isDurable ? [] : ["fsync=off"]),
    "max_connections=100",
  ];
  const args = ["-D", cluster, ...settings.flatMap((setting) => ["-c", setting])];
  const start = (): ChildProcess => {
    const started = spawnAs(account, [binaries.postgres, directory], binaries.postgres, args, {
      ...options,
      detached: true,
    });
    started.unref();
    return started;
  };
  let child = start();
  // The end of the process is the one moment at which no test needs it any more. Handlers of it cannot wait.
  process.once("exit", () => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  });
  const connection = { host: "127.0.0.1", port, user: "tester", password: PASSWORD, database: "postgres" };
  await answering(connection);

  async function restart(signal: "SIGINT" | "SIGKILL"): Promise<void> {
    await ended(child, signal);
    // What a killed server leaves behind ends a moment later, and until then another one does not start.
    for (let attempt = 0; attempt < 100; attempt++) {
      child = start();
      if (await staysUp(child)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await answering(connection);
  }
  let restarting: Promise<void> = Promise.resolve();

  return {
    connection,
    pid: () => child.pid ?? 0,
    urlOf: (database) => `postgresql://tester:${PASSWORD}@127.0.0.1:${port}/${database}`,
    restart(signal) {
      restarting = restarting.then(() => restart(signal));
      return restarting;
    },
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

async function staysUp(child: ChildProcess): Promise<boolean> {
  const gone = once(child, "exit").then(() => false);
  const stays = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 300));
  return Promise.race([gone, stays]);
}

async function testedBinaries(): Promise<Binaries> {
  const folder = process.env.INTERPOSE_TEST_POSTGRES_BIN;
  return folder ? { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") } : findBinaries();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answering(connection: ConnectionSettings): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const database = createDatabase(connection, { maxConnections: 1 });
    const failure = await database.query({ text: "select 1", values: [] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await database.close();
    if (failure === undefined) return;
    if (Date.now() > until) throw new Error("the test PostgreSQL does not answer", { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
