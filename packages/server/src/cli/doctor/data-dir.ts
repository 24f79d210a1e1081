import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Check } from "./check.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";
import { octal } from "./settings.ts";
import { reasonOf, sizeOf } from "./words.ts";

const MIB = 1024 * 1024;
/** Free space below which a server should not begin, and below which it will soon stop. */
const FREE = { littleBytes: 1024 * MIB, nearlyNothingBytes: 128 * MIB };

/** The data directory: whose it is, who gets in, and how much room there is. */
export const dataDir: Check = {
  name: "data directory",
  needs: "settings",
  run: async ({ settings }) => {
    const path = resolve(settings.dataDir);
    const isNeeded = settings.databaseUrl === undefined;
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) {
      if (found.code !== "ENOENT")
        return [problem(`${path} cannot be looked at: ${reasonOf(found)}.`, "Run it as the server's user.")];
      if (!isNeeded) return [ok(`${path} is not there, and with a database by URL it need not be.`)];
      return firstPlace(path);
    }
    const { mode, uid } = found;
    if (!found.isDirectory()) return [problem(`${path} is no directory.`, "Choose another INTERPOSE_DATA_DIR.")];
    const findings: Finding[] = [];
    const own = process.getuid?.();
    if (own !== undefined && own !== 0 && uid !== own)
      findings.push(
        problem(
          `${path} belongs to user ${uid}, and not to you (${own}).`,
          "Run it as that user, or choose another INTERPOSE_DATA_DIR.",
        ),
      );
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      findings.push(problem(`${path} has the mode ${octal(mode)}: other users get in.`, `Run "chmod 700 ${path}".`));
    const { bavail, bsize } = await statfs(path);
    findings.push(...room(path, bavail * bsize));
    return findings.length > 0 ? findings : [ok(`${path} is yours alone, with ${sizeOf(bavail * bsize)} free.`)];
  },
};

/** Where the first start will make it. */
async function firstPlace(path: string): Promise<readonly Finding[]> {
  let above = dirname(path);
  while (above !== dirname(above) && !(await stat(above).catch(() => undefined))) above = dirname(above);
  try {
    await access(above, constants.W_OK);
  } catch {
    return [problem(`${path} is not there, and cannot be made in ${above}.`, "Choose another INTERPOSE_DATA_DIR.")];
  }
  const { bavail, bsize } = await statfs(above);
  const short = room(path, bavail * bsize);
  return short.length > 0 ? short : [ok(`${path} is not there yet: the first start makes it.`)];
}

/** What there is to say of free space, in bytes. */
export function room(path: string, freeBytes: number): readonly Finding[] {
  const mend = "Make room, or let the record be kept for a shorter time (deliveries.retention).";
  const text = `There are ${sizeOf(freeBytes)} free for ${path}.`;
  if (freeBytes < FREE.nearlyNothingBytes) return [problem(text, mend)];
  return freeBytes < FREE.littleBytes ? [warning(text, mend)] : [];
}
