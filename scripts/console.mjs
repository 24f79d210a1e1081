// Builds the web console.
//   node scripts/console.mjs     builds it, whether or not it is current
import { spawnSync } from "node:child_process";
import { globSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./install.mjs";

const FOLDER = join(root, "packages/console");
/** What a build makes. */
export const CONSOLE_FILES = join(FOLDER, "dist");

/** Builds the console where it was not built, or before its sources were changed. `node`: the Node to build it with. */
export function buildConsoleIfStale(node) {
  const built = changedAt(join(CONSOLE_FILES, "index.html"));
  const sources = [
    ...globSync(["index.html", "vite.config.ts", "package.json", "public/**", "src/**"], { cwd: FOLDER }).map((file) =>
      join(FOLDER, file),
    ),
    join(root, "packages/protocol/src/gen"),
    join(root, "package-lock.json"),
  ];
  if (built === undefined || sources.some((file) => changedAt(file) > built)) buildConsole(node);
}

function buildConsole(node) {
  console.error("Building the console ...");
  const { status } = spawnSync(node, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error"], {
    cwd: FOLDER,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("the console could not be built; what is wrong stands above");
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  const { findNode } = await import("../packages/server/bin/runtime.mjs");
  buildConsole(findNode());
}
