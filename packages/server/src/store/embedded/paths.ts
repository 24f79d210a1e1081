import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InterposeError } from "@interpose/engine";
import type { ConnectionSettings } from "../database.ts";
import type { Account } from "./account.ts";

/** A Unix socket's path has 108 bytes with its closing zero on Linux, 104 on macOS (`sun_path` in sys/un.h). */
const LONGEST_SOCKET_PATH = 103;
/** Names the socket's file; nothing listens on the port itself. */
const PORT = 5432;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** Where the parts of an embedded PostgreSQL are. */
export interface EmbeddedPaths {
  /** The directory that one server owns. */
  readonly dataDir: string;
  /** PostgreSQL's own directory. */
  readonly cluster: string;
  readonly passwordFile: string;
  readonly logFile: string;
  readonly socketDir: string;
  readonly port: number;
}

/** Where everything is, for a data directory. Nothing is made. */
export function embeddedPaths(dataDir: string): EmbeddedPaths {
  const root = resolve(dataDir);
  const inside = join(root, "socket");
  const tooLong = Buffer.byteLength(join(inside, `.s.PGSQL.${PORT}`)) > LONGEST_SOCKET_PATH;
  // The same directory each time, so that a PostgreSQL that was left behind is found again.
  const short = join(tmpdir(), `interpose-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`);
  return {
    dataDir: root,
    cluster: join(root, "postgres"),
    passwordFile: join(root, "postgres.password"),
    logFile: join(root, "postgres.log"),
    socketDir: tooLong ? short : inside,
    port: PORT,
  };
}

/** Makes the directories with mode 0700 and the password file with mode 0600, all of them the account's. Throws `settings_invalid` where that cannot be. */
export async function preparePaths(paths: EmbeddedPaths, account: Account): Promise<void> {
  try {
    await makePaths(paths, account);
  } catch (error) {
    if (error instanceof InterposeError) throw error;
    const text = `The data directory ${paths.dataDir} cannot be used: ${(error as Error).message}. Choose another INTERPOSE_DATA_DIR.`;
    throw new InterposeError("settings_invalid", text, { cause: error });
  }
}

async function makePaths(paths: EmbeddedPaths, { ids }: Account): Promise<void> {
  for (const directory of [paths.dataDir, paths.socketDir]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await refuseStrangersDirectory(directory, ids?.uid);
    if (ids) await chown(directory, ids.uid, ids.gid);
    await chmod(directory, 0o700);
  }
  const password = randomBytes(32).toString("base64url");
  // Whoever comes second keeps what the first one wrote.
  await writeFile(paths.passwordFile, password, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  if (ids) await chown(paths.passwordFile, ids.uid, ids.gid);
  const log = await stat(paths.logFile).catch(() => undefined);
  if (log && log.size > LOG_LIMIT_BYTES) await rename(paths.logFile, `${paths.logFile}.1`);
}

/** A directory in a place that all can write to may have been put there by someone else. */
async function refuseStrangersDirectory(directory: string, accountUid: number | undefined): Promise<void> {
  const { uid } = await stat(directory);
  const own = process.getuid?.();
  if (own === undefined || own === 0 || uid === own || uid === accountUid) return;
  throw new InterposeError(
    "settings_invalid",
    `${directory} belongs to user ${uid}, not to you. Choose another INTERPOSE_DATA_DIR.`,
  );
}

/** How to connect to the embedded PostgreSQL. */
export async function connectionTo(
  paths: EmbeddedPaths,
): Promise<Exclude<ConnectionSettings, { readonly url: string }>> {
  const password = await readFile(paths.passwordFile, "utf8");
  return { host: paths.socketDir, port: paths.port, user: "interpose", password, database: "postgres" };
}
