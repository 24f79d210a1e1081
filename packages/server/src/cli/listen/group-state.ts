import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { InterposeError } from "@interpose/engine";

/** Where a group of a server left off. */
export interface GroupPlace {
  readonly instanceId: string;
  readonly position: bigint;
}

/** The state of a group, which one process has at a time. */
export interface GroupState {
  /** Undefined: it has not listened yet. */
  readonly place: GroupPlace | undefined;
  /** Keeps a place, so that it is there whole or not at all. */
  save(place: GroupPlace): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the state of a group: a file below `XDG_STATE_HOME`, by default `~/.local/state`, named after the group and the server's URL. Throws where another process
 * listens as the group, and where the file is none.
 */
export async function openGroupState(
  group: string,
  { url, env }: { readonly url: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<GroupState> {
  if (!/^[\w.-]{1,100}$/.test(group)) {
    const text = `--group: "${group}" is no name of a group. Use up to 100 letters, digits, dots, hyphens and underscores.`;
    throw new InterposeError("bad_request", text);
  }
  // A variable that is set to nothing counts as not set.
  const home = given(env.XDG_STATE_HOME) ?? join(given(env.HOME) ?? homedir(), ".local", "state");
  const folder = join(home, "interpose", "listen");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const server = createHash("sha256").update(url.replace(/\/+$/, "")).digest("hex").slice(0, 12);
  const file = join(folder, `${group}-${server}.json`);
  const lock = `${file}.lock`;
  await takeLock(lock, group);
  try {
    return {
      place: await readPlace(file),
      async save({ instanceId, position }) {
        const text = `${JSON.stringify({ url, instanceId, position: String(position) })}\n`;
        await writeFile(`${file}.new`, text, { mode: 0o600 });
        await rename(`${file}.new`, file);
      },
      close: () => rm(lock, { force: true }),
    };
  } catch (error) {
    await rm(lock, { force: true });
    throw error;
  }
}

function given(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}

async function readPlace(file: string): Promise<GroupPlace | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { instanceId, position } = JSON.parse(text) as { instanceId: unknown; position: unknown };
    if (typeof instanceId === "string" && typeof position === "string" && /^\d{1,18}$/.test(position))
      return { instanceId, position: BigInt(position) };
  } catch {
    // Told below.
  }
  throw new InterposeError(
    "bad_request",
    `${file} does not say where the group left off. Delete it, and say where to begin with --from.`,
  );
}

/** One process listens as a group: two would each write down their own place. What a process left behind that is gone counts as nothing. */
async function takeLock(lock: string, group: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await open(lock, "wx", 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const pid = Number(await readFile(lock, "utf8").catch(() => ""));
      if (attempt > 1 || isAlive(pid)) {
        const text = `The process ${pid} listens as the group "${group}" already. End it, or take another group.`;
        throw new InterposeError("bad_request", text);
      }
      await rm(lock, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
