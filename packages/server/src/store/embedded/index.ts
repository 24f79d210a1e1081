import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { InterposeError } from "@interpose/engine";
import type { ConnectionSettings } from "../database.ts";
import { errorFromPostgres } from "../errors.ts";
import { findAccount, type Account } from "./account.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { initCluster, runningPid, startCluster, stopCluster } from "./cluster.ts";
import { dataDirInUse, isOurs, takeOwnership, type Ownership } from "./ownership.ts";
import { connectionTo, embeddedPaths, preparePaths, type EmbeddedPaths } from "./paths.ts";

/** How to open an embedded PostgreSQL. */
export interface EmbeddedOptions {
  readonly dataDir: string;
  /** `serve` owns the directory. `cli` uses the PostgreSQL of a server that does, and else owns it for the time of a command. */
  readonly role: "serve" | "cli";
  /** Told when PostgreSQL ended by itself, and could not be started again. */
  readonly onFatal: (error: unknown) => void;
}

/** An embedded PostgreSQL that is ready. */
export interface Embedded {
  readonly connection: ConnectionSettings;
  /** Whether it ran already. */
  readonly adopted: boolean;
  stop(): Promise<void>;
}

/** How long a PostgreSQL that starts or stops may keep one who asks for its state waiting. */
const STATUS_TIMEOUT_MS = 10_000;
/** How long one who wants the directory waits for a command that has it. */
const COMMAND_TIMEOUT_MS = 15_000;
/** Restarts within this time, before PostgreSQL is given up. */
const RESTARTS = { most: 5, withinMs: 60_000 };

/**
 * Opens the embedded PostgreSQL of a data directory. States of the directory: *empty*, until initdb; *stopped*; *left behind*, when
 * PostgreSQL runs and nobody holds the owner's lock: it is adopted; *owned*, while one process holds the lock. While we own it, a PostgreSQL that ends by
 * itself is started again. Throws `data_dir_in_use`, naming who owns it.
 */
export async function openEmbedded({ dataDir, role, onFatal }: EmbeddedOptions): Promise<Embedded> {
  const paths = embeddedPaths(dataDir);
  const [account, binaries] = await Promise.all([findAccount(), findBinaries()]);
  await preparePaths(paths, account);
  const adopted = (await runningPid(paths)) !== undefined;
  const who = `interpose ${role} (pid ${process.pid})`;

  const take = (as: "serve" | "cli"): Promise<Taken> => runAndOwn(paths, binaries, account, who, as);
  const taken = await take(role);
  const { connection } = taken;
  let { ownership } = taken;
  if (!ownership) return { connection, adopted: true, stop: () => Promise.resolve() };

  let stopping = false;
  const restarts: number[] = [];
  async function restart(): Promise<void> {
    const now = Date.now();
    restarts.push(now);
    while ((restarts[0] ?? now) < now - RESTARTS.withinMs) restarts.shift();
    if (restarts.length > RESTARTS.most)
      throw new Error(`the embedded PostgreSQL ended ${restarts.length} times within a minute; see ${paths.logFile}`);
    ({ ownership } = await take("serve"));
    watch();
  }
  function watch(): void {
    void ownership?.lost.then(() => {
      if (!stopping) restart().catch(onFatal);
    });
  }
  watch();

  return {
    connection,
    adopted,
    async stop() {
      stopping = true;
      await stopCluster(paths);
      await ownership?.release().catch(() => undefined);
    },
  };
}

/** A PostgreSQL that runs, and the directory, unless it is a server's and we are a command. */
interface Taken {
  readonly connection: ConnectionSettings;
  readonly ownership: Ownership | undefined;
}

/** Makes sure that PostgreSQL runs, and takes the directory. A command that had it may just be stopping PostgreSQL: it is started again. */
async function runAndOwn(
  paths: EmbeddedPaths,
  binaries: Binaries,
  account: Account,
  who: string,
  role: "serve" | "cli",
): Promise<Taken> {
  const until = Date.now() + COMMAND_TIMEOUT_MS;
  for (;;) {
    const connection = await run(paths, binaries, account);
    try {
      return { connection, ownership: await own(connection, paths, who, role, until) };
    } catch (error) {
      if (error instanceof InterposeError || Date.now() > until) throw errorFromPostgres(error);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Makes sure that PostgreSQL runs, and answers how to connect to it. */
async function run(paths: EmbeddedPaths, binaries: Binaries, account: Account): Promise<ConnectionSettings> {
  await initCluster(paths, binaries, account);
  const [connection, cluster] = await Promise.all([connectionTo(paths), realpath(paths.cluster)]);
  await startCluster(paths, binaries, account, () => isOurs(connection, cluster));
  return connection;
}

/** Takes the directory. Undefined: a server owns it, and this is a command, which can do with a connection. */
async function own(
  connection: ConnectionSettings,
  paths: EmbeddedPaths,
  who: string,
  role: "serve" | "cli",
  until: number,
): Promise<Ownership | undefined> {
  for (;;) {
    const taken = await takeOwnership(connection, who);
    if (!("heldBy" in taken)) return taken;
    if (role === "cli" && taken.heldBy.startsWith("interpose serve")) return undefined;
    // A command lets go of the directory in a moment; a server does not.
    if (taken.heldBy.startsWith("interpose serve") || Date.now() > until)
      throw dataDirInUse(paths.dataDir, taken.heldBy);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What there is of an embedded PostgreSQL in a data directory. */
export interface EmbeddedStatus {
  readonly initialized: boolean;
  /** Process id of the PostgreSQL that runs. */
  readonly pid: number | undefined;
  /** Who owns the directory. */
  readonly owner: string | undefined;
}

/** Whether a data directory has a PostgreSQL in it, running or not. */
export function isInitialized(dataDir: string): boolean {
  return existsSync(join(embeddedPaths(dataDir).cluster, "PG_VERSION"));
}

/** Looks at a data directory, and changes nothing. */
export async function embeddedStatus(dataDir: string): Promise<EmbeddedStatus> {
  const paths = embeddedPaths(dataDir);
  const initialized = isInitialized(dataDir);
  const until = Date.now() + STATUS_TIMEOUT_MS;
  for (;;) {
    const pid = initialized ? await runningPid(paths) : undefined;
    if (pid === undefined) return { initialized, pid, owner: undefined };
    try {
      return { initialized, pid, owner: await ownerOf(paths) };
    } catch (error) {
      // It is starting or stopping: in a moment it answers, or is gone.
      if (Date.now() > until) throw errorFromPostgres(error);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** How to connect to the PostgreSQL of a data directory, which runs already. */
export function connectionToRunning(dataDir: string): Promise<ConnectionSettings> {
  return connectionTo(embeddedPaths(dataDir));
}

async function ownerOf(paths: EmbeddedPaths): Promise<string | undefined> {
  const taken = await takeOwnership(await connectionTo(paths), `interpose cli (pid ${process.pid})`);
  if ("heldBy" in taken) return taken.heldBy;
  await taken.release();
  return undefined;
}

/** Stops a PostgreSQL that was left behind. Answers whether one ran; throws `data_dir_in_use` when somebody owns it. */
export async function stopEmbedded(dataDir: string): Promise<boolean> {
  const { pid, owner } = await embeddedStatus(dataDir);
  if (pid === undefined) return false;
  if (owner !== undefined) throw dataDirInUse(dataDir, owner);
  await stopCluster(embeddedPaths(dataDir));
  return true;
}
