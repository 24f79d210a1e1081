// Builds the web console.
//   node scripts/console.mjs     builds it, whether or not it is current
import { spawnSync } from "node:child_process";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./install.mjs";

const FOLDER = join(root, "packages/console");
/** What a build is made of. Of folders, all that is below. */
const SOURCES = [
  ...["index.html", "vite.config.ts", "package.json", "public", "src"].map((name) => join(FOLDER, name)),
  join(root, "packages/protocol/src/gen"),
  join(root, "package-lock.json"),
];
/** What a build makes. */
export const CONSOLE_FILES = join(FOLDER, "dist");

/** Builds the console where it was not built, or before its sources were changed. `node`: the Node to build it with. */
export function buildConsoleIfStale(node) {
  const builtAt = statSync(join(CONSOLE_FILES, "index.html"), { throwIfNoEntry: false })?.mtimeMs;
  if (builtAt === undefined || SOURCES.some((path) => changedAt(path) > builtAt)) buildConsole(node);
}

function buildConsole(node) {
  console.error("Building the console ...");
  const { status } = spawnSync(node, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error"], {
    cwd: FOLDER,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("the console could not be built; what is wrong stands above");
}

/** When a file, or anything in a folder, was changed last. A folder changes when something in it comes or goes. */
function changedAt(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  const { findNode } = await import("../packages/server/bin/runtime.mjs");
  buildConsole(findNode());
}
