import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";
import { childrenOf } from "../harness/cpu.ts";

/** The core of what is measured, and that of all else. */
export const CORES = { measured: 0, others: 1 };

/** Where each program of others comes from, as Debian has it. */
const PACKAGES = {
  taskset: "util-linux",
  h2load: "nghttp2-client",
  nghttpd: "nghttp2-server",
  nginx: "nginx",
} as const;

/** Programs of others that this machine does not have. */
export function missingPrograms(): readonly string[] {
  const isThere = (name: string): boolean => spawnSync("which", [name]).status === 0;
  return Object.entries(PACKAGES)
    .filter(([name]) => !isThere(name))
    .map(([name, from]) => `${name} (${from})`);
}

/** Starts a program of others on a core, and waits until it listens. It is stopped in the end. */
export async function startProgram(
  teardown: Teardown,
  { core, port, command }: { readonly core: number; readonly port: number; readonly command: readonly string[] },
): Promise<ChildProcess> {
  const child = spawn("taskset", ["-c", String(core), ...command], { stdio: ["ignore", "ignore", "inherit"] });
  teardown.add(command[0] ?? "", async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  for (const until = Date.now() + 10_000; !(await isListenedOn(port));) {
    if (Date.now() > until || child.exitCode !== null) throw new Error(`${command.join(" ")} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

/** Runs a program of others on the core of the others, and answers what it prints. */
export async function runProgram(command: readonly string[]): Promise<string> {
  const child = spawn("taskset", ["-c", String(CORES.others), ...command], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${output}`);
  return output;
}

/** Puts a process that runs, with all its threads, on a core. */
export function moveToCore(pid: number, core: number): void {
  execFileSync("taskset", ["-apc", String(core), String(pid)], { stdio: "ignore" });
}

async function isListenedOn(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** CPU time that a process has used, in microseconds, and the most memory that it has had, in MiB. See proc(5). */
export function useOf(pid: number): { readonly cpuMicroseconds: number; readonly peakMib: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  // Fields 14 and 15, in ticks, of which Linux shows 100 a second whatever it counts in.
  const cpuMicroseconds = (Number(fields[11]) + Number(fields[12])) * 10_000;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuMicroseconds, peakMib: Number(peak) / 1024 };
}

/** Puts what a process has started on a core, and what that has started. What they start from then on stays there. */
export function moveChildrenToCore(pid: number, core: number): void {
  for (const child of childrenOf(pid)) {
    moveToCore(child, core);
    moveChildrenToCore(child, core);
  }
}
