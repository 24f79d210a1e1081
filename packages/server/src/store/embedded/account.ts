import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InterposeError } from "@interpose/engine";

/** The account that PostgreSQL runs as. PostgreSQL refuses to run as root. */
export interface Account {
  /** Undefined: our own, since we are not root. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

/** Our own account, or, for root, that of `postgres` where there is one, else `nobody`. */
export async function findAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return { ids: undefined };
  const accounts = (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { ids: { uid: Number(uid), gid: Number(gid) } };
  }
  const text =
    "PostgreSQL does not run as root, and there is neither an account postgres nor nobody. Start Interpose as another user, or set INTERPOSE_DATABASE_URL.";
  throw new InterposeError("settings_invalid", text);
}

const SETPRIV = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/**
 * Starts a program as the account. Folders above `needs` may be closed to it, as root's home is: then the program is given the
 * one capability that opens them for reading, and no other.
 */
export function spawnAs(
  { ids }: Account,
  needs: readonly string[],
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  if (!ids) return spawn(program, args, options);
  const closed = needs.map((path) => closedAncestor(path, ids)).find((folder) => folder !== undefined);
  if (closed === undefined) return spawn(program, args, { ...options, ...ids });
  if (SETPRIV === undefined) {
    const text = `PostgreSQL runs as user ${ids.uid}, which cannot enter ${closed}. Put INTERPOSE_DATA_DIR and the installation where it can, or set INTERPOSE_DATABASE_URL.`;
    throw new InterposeError("settings_invalid", text);
  }
  const privileges = [
    `--reuid=${ids.uid}`,
    `--regid=${ids.gid}`,
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
  ];
  return spawn(SETPRIV, [...privileges, "--", program, ...args], options);
}

/** The nearest folder above a path that an account cannot enter. */
function closedAncestor(
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): string | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const stats = statSync(folder);
    const bit = stats.uid === uid ? 0o100 : stats.gid === gid ? 0o010 : 0o001;
    if ((stats.mode & bit) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
