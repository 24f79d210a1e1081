import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { flagsFor, withOneHeap } from "../../packages/server/bin/node-flags.mjs";
import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";
import { startChild, type Child } from "./child.ts";
import type { LoadAnswers } from "./load.ts";
import type { ProbeAnswers } from "./probe.ts";

/** The admin token of every server that is measured. */
export const ADMIN_TOKEN = "an-admin-token-for-benchmarks-only";
/** The master key of every server that is measured, and of what fills stores for them. */
export const MASTER_KEY = Buffer.alloc(32, "benchmark").toString("base64");

const INTERPOSE = new URL("../../packages/server/src/cli/main.ts", import.meta.url);
const LAUNCHER = new URL("../../packages/server/bin/interpose.mjs", import.meta.url);

/**
 * Megabytes of each half of V8's young generation, which else depends on how much was allocated at the start, and stays so: the larger it is, the
 * more memory goes through the processor's caches. Without this, servers differ by some per cent for a reason that is not in their calls.
 */
export const SAME_YOUNG_GENERATION = ["--min-semi-space-size=16", "--max-semi-space-size=16"];

const START_TIMEOUT_MS = 60_000;

/** An `interpose serve` in a process of its own. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  /** CPU time that the process has used, in microseconds. */
  cpuMicroseconds(): Promise<number>;
  /** The median of what a benchmark's module recorded in it since this was last asked. */
  recorded(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface ServerOptions {
  /** Loaded before it. */
  readonly preload?: URL | undefined;
  /** Settings, beside its defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** By the launcher, as users start it, with its flags of V8 in place of those that make servers the same. */
  readonly isLaunched?: boolean;
}

/** Settings that every server has which is measured. */
export function settingsOn(dataDir: string): Readonly<Record<string, string>> {
  return {
    INTERPOSE_PORT: "0",
    INTERPOSE_DATA_DIR: dataDir,
    INTERPOSE_ADMIN_TOKEN: ADMIN_TOKEN,
    INTERPOSE_SECRETS_MASTER_KEY: MASTER_KEY,
    INTERPOSE_LOG_FORMAT: "json",
  };
}

/** The URL of a server's API, once it has printed that it is ready. */
export function readyUrlIn(output: string): string | undefined {
  return /ready at (https?:\/\/\S+)/.exec(output)?.[1];
}

/** Starts `interpose serve` on a data directory, with its defaults. */
export async function startServer(
  teardown: Teardown,
  dataDir: string,
  { preload, env = {}, isLaunched = false }: ServerOptions = {},
): Promise<Server> {
  const logFile = join(dataDir, "server.log");
  const log = openSync(logFile, "w");
  const child = startChild<ProbeAnswers>(teardown, isLaunched ? LAUNCHER : INTERPOSE, {
    args: ["serve"],
    // With them it does not start anew, and so keeps the channel to us.
    nodeFlags: isLaunched ? flagsFor(["serve"]) : SAME_YOUNG_GENERATION,
    stderr: log,
    preload: [new URL("./probe.ts", import.meta.url), ...(preload ? [preload] : [])],
    env: {
      ...(isLaunched && withOneHeap({})),
      ...settingsOn(dataDir),
      ...env,
    },
  });
  closeSync(log);
  const { process: server } = child;
  server.once("exit", (code, signal) => {
    // A server that did not end well says why at the end of its log.
    if (code !== 0 && signal === null) process.stderr.write(`${readFileSync(logFile, "utf8").slice(-2_000)}\n`);
  });
  const url = await ready(child);
  return {
    url,
    pid: server.pid ?? 0,
    cpuMicroseconds: () => child.ask("cpu", undefined),
    recorded: () => child.ask("recorded", undefined),
    stop: child.stop,
  };
}

function ready({ process: child }: Child<ProbeAnswers>): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const late = setTimeout(() => fail(`was not ready within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const fail = (what: string): void => {
      clearTimeout(late);
      reject(new Error(`the server ${what}. It printed: ${output}`));
    };
    child.once("exit", (code) => fail(`ended with ${code ?? "a signal"}`));
    child.stdout?.on("data", (text: string) => {
      output += text;
      const url = readyUrlIn(output);
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    });
  });
}

/** Starts the process that calls servers. */
export function startLoad(teardown: Teardown): Child<LoadAnswers> {
  return startChild<LoadAnswers>(teardown, new URL("./load.ts", import.meta.url));
}
