import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
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

  const connection = await run(paths, binaries, account);
  let ownership = await own(connection, paths, who, role);
  if (!ownership) return { connection, adopted: true, stop: () => Promise.resolve() };

  let stopping = false;
  const restarts: number[] = [];
  async function restart(): Promise<void> {
    const now = Date.now();
    restarts.push(now);
    while ((restarts[0] ?? now) < now - RESTARTS.withinMs) restarts.shift();
    if (restarts.length > RESTARTS.most)
      throw new Error(`the embedded PostgreSQL ended ${restarts.length} times within a minute; see ${paths.logFile}`);
    await run(paths, binaries, account);
    ownership = await own(connection, paths, who, "serve");
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
): Promise<Ownership | undefined> {
  // A command lets go of the directory in a moment; a server does not.
  const until = Date.now() + 3_000;
  for (;;) {
    const taken = await takeOwnership(connection, who);
    if (!("heldBy" in taken)) return taken;
    if (role === "cli" && taken.heldBy.startsWith("interpose serve")) return undefined;
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

/** Looks at a data directory, and changes nothing. */
export async function embeddedStatus(dataDir: string): Promise<EmbeddedStatus> {
  const paths = embeddedPaths(dataDir);
  const initialized = existsSync(join(paths.cluster, "PG_VERSION"));
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
