import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { InterposeError } from "@interpose/engine";
import { spawnAs, type Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import type { EmbeddedPaths } from "./paths.ts";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** Environment of PostgreSQL's programs: nothing of ours, since PGDATA and the like would change what they do. */
const ENVIRONMENT = { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" };

/** Makes the cluster if there is none. It is made beside its place and moved there, so that one that is there is whole. */
export async function initCluster(paths: EmbeddedPaths, binaries: Binaries, account: Account): Promise<void> {
  if (existsSync(join(paths.cluster, "PG_VERSION"))) return;
  const unfinished = join(paths.dataDir, `postgres.new-${process.pid}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (account.ids) await chown(unfinished, account.ids.uid, account.ids.gid);
  const args = [
    `--pgdata=${unfinished}`,
    "--username=interpose",
    `--pwfile=${paths.passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
  ];
  const child = spawnAs(account, [binaries.initdb, unfinished], binaries.initdb, args, {
    cwd: paths.dataDir,
    env: ENVIRONMENT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    throw new InterposeError("store_unavailable", `PostgreSQL's initdb failed in ${paths.dataDir}: ${lastLines(said)}`);
  }
  await rename(unfinished, paths.cluster).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true });
    // Another server made it at the same time, with the same password.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
}

/** Process id of the PostgreSQL that runs this cluster; undefined when none does. A process that only has its old number is none. */
export async function runningPid(paths: EmbeddedPaths): Promise<number | undefined> {
  const file = await readFile(join(paths.cluster, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(file.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return (await commandOf(pid)).includes(await realpath(paths.cluster)) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The command line of a process, by which PostgreSQL's names its cluster. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === "linux") return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const { stdout } = await promisify(execFile)("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout;
}

/**
 * Starts PostgreSQL and waits until `isReady`. It is no member of our process group, so that Ctrl-C in a terminal reaches us alone, and
 * we stop it when the work is done. When another process starts it at the same moment, that one's is waited for.
 */
export async function startCluster(
  paths: EmbeddedPaths,
  binaries: Binaries,
  account: Account,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  const cluster = await realpath(paths.cluster);
  for (;;) {
    if ((await runningPid(paths)) === undefined) {
      await removeStrangersPidFile(paths);
      await launch(paths, cluster, binaries, account);
    }
    // A process that ended at once may have met the memory of one that was killed; it is gone in a moment.
    while ((await runningPid(paths)) !== undefined) {
      if (await isReady()) return;
      if (Date.now() > until) break;
      await pause(LOOK_EVERY_MS);
    }
    if (Date.now() > until) {
      const said = lastLines(await readFile(paths.logFile, "utf8").catch(() => ""));
      throw new InterposeError(
        "store_unavailable",
        `The embedded PostgreSQL did not start. The end of ${paths.logFile}: ${said}`,
      );
    }
    await pause(100);
  }
}

async function launch(paths: EmbeddedPaths, cluster: string, binaries: Binaries, account: Account): Promise<void> {
  const log = await open(paths.logFile, "a", 0o600);
  try {
    const settings = {
      listen_addresses: "",
      port: String(paths.port),
      unix_socket_directories: `"${paths.socketDir}"`,
      unix_socket_permissions: "0700",
      max_connections: "60",
      log_min_messages: "warning",
      log_checkpoints: "off",
      password_encryption: "scram-sha-256",
    };
    const args = ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    const child = spawnAs(account, [binaries.postgres, cluster, paths.socketDir], binaries.postgres, args, {
      cwd: cluster,
      env: ENVIRONMENT,
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
    });
    child.unref();
    // Its pid file appears a moment after its start. Until then it is running, or has ended.
    const ended = once(child, "exit").then(
      () => true,
      () => true,
    );
    for (let waited = 0; waited < 5_000 && (await runningPid(paths)) === undefined; waited += LOOK_EVERY_MS) {
      if (await Promise.race([ended, pause(LOOK_EVERY_MS).then(() => false)])) return;
    }
  } finally {
    await log.close();
  }
}

/** PostgreSQL refuses to start when the number in its old pid file is that of a living process, even of another program. */
async function removeStrangersPidFile(paths: EmbeddedPaths): Promise<void> {
  const path = join(paths.cluster, "postmaster.pid");
  const pid = Number((await readFile(path, "utf8").catch(() => "")).split("\n")[0]);
  if (Number.isInteger(pid) && pid > 0 && isAlive(pid) && (await runningPid(paths)) === undefined)
    await rm(path, { force: true });
}

/** Stops PostgreSQL: open transactions are rolled back, what was committed stays. After a while it is told more firmly. */
export async function stopCluster(paths: EmbeddedPaths): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    const pid = await runningPid(paths);
    if (pid === undefined) return;
    process.kill(pid, signal);
    const until = Date.now() + STOP_TIMEOUT_MS;
    while (Date.now() < until) {
      if ((await runningPid(paths)) === undefined) return;
      await pause(LOOK_EVERY_MS);
    }
  }
  throw new InterposeError(
    "store_unavailable",
    `The embedded PostgreSQL in ${paths.dataDir} does not stop. See ${paths.logFile}.`,
  );
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-5).join(" | ").slice(-1_000);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
