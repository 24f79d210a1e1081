// Installs what is missing: nothing, when what is installed is what package-lock.json says.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Installs dependencies with `npm ci` if there are none, or others than package-lock.json names. */
export function installMissing() {
  const stamp = join(root, "node_modules", ".interpose-lock");
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const installed = existsSync(stamp) ? readFileSync(stamp, "utf8") : undefined;
  if (installed === wanted) return;
  // Someone has just run npm themselves: its own record is newer than the lock file's text, and right.
  if (installed !== undefined || !isInstalledByNpm()) {
    console.error("Installing dependencies ...");
    const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0) throw new Error("npm ci failed; its output is above");
  }
  writeFileSync(stamp, wanted);
}

/** Whether npm's record in node_modules has each package of the lock file in its version. */
function isInstalledByNpm() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (!path.startsWith("node_modules/") || link) return true;
    return installed[path] ? installed[path].version === version : Boolean(optional);
  });
}
