// Runs a program with flags of Node's. Plain JavaScript without dependencies, since it is published as it is.
import { accessSync, constants } from "node:fs";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { isMainThread } from "node:worker_threads";

/**
 * Flags for a server, which serves from one thread, so that all calls wait while it collects. `docs/decisions/0030-young-generation.md` has the numbers.
 * - The young generation has 16 MB from the start, and never more: what calls and deliveries that are under way hold fits in several times, and what is made for a call dies young
 *   (`hosts/gateway/survival.test.ts`). It is collected by the one thread, without others that would have to be woken, and nothing is made old from the start because its like has survived.
 * - The old generation may double before it is collected: most of it is the program itself, which V8 would mark again for each few megabytes.
 * - `gc()` is there, for bodies that are passed (`hosts/gateway/read-buffers.ts`).
 */
const V8_FLAGS = [
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
  "--semi-space-growth-factor=1",
  "--no-parallel-scavenge",
  "--no-allocation-site-pretenuring",
  "--heap-growing-percent=100",
  "--expose-gc",
];
/** Options of Node's own. V8 has one thread beside the one that serves: four, as by default, keep that from its processor where there are few. */
const NODE_OPTIONS = ["--v8-pool-size=1"];

/** An environment in which glibc has one heap for all threads, unless it says otherwise: each further one keeps memory that was freed in it, and most is used by the one thread that serves. */
export function withOneHeap(env) {
  return { MALLOC_ARENA_MAX: "1", ...env };
}

/** Flags for what the command line is asked to do: commands that are soon over need none. */
export function flagsFor(args) {
  return args.includes("serve") ? [...V8_FLAGS, ...NODE_OPTIONS] : [];
}

/**
 * Goes on with a program, as if Node had been started with it and with `flags`. Some of those count only from the start of a process, so this one starts anew: the same process, with the same
 * environment, but another program in it. Where it cannot, or somebody has chosen the size of the young generation, it only takes the flags that V8 heeds while it runs.
 */
export async function runWithFlags(program, args, flags) {
  if (!flags.every((flag) => process.execArgv.includes(flag))) {
    if (canStartAnew()) {
      const command = [process.execPath, ...process.execArgv, ...flags, program, ...args];
      process.execve(process.execPath, command, withOneHeap(process.env));
    }
    for (const flag of flags) if (!NODE_OPTIONS.includes(flag)) setFlagsFromString(flag);
  }
  process.argv = [process.argv[0], program, ...args];
  await import(pathToFileURL(program).href);
}

function canStartAnew() {
  // A channel to a parent process would be lost.
  if (process.platform === "win32" || !process.execve || !isMainThread || process.channel) return false;
  const isChosen = (options = "") => /semi[-_]space[-_]size/.test(options);
  if (isChosen(process.env.NODE_OPTIONS) || process.execArgv.some(isChosen)) return false;
  try {
    // One that is gone, as after an update, would abort this process.
    accessSync(process.execPath, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
