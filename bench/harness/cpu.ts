import { existsSync, readFileSync } from "node:fs";

/** Microseconds of a tick, of which Linux shows 100 a second whatever it counts in. */
const TICK = 10_000;

/** CPU time in microseconds that a process and its children have used, those included that have ended. Not a number where there is no proc(5). */
export function cpuOfFamily(pid: number): number {
  if (!existsSync(`/proc/${pid}/stat`)) return Number.NaN;
  const ofChildren = childrenOf(pid).map((child) => ticksOf(child, OWN).reduce((a, b) => a + b, 0));
  return TICK * [...ticksOf(pid, [...OWN, ...OF_ENDED_CHILDREN]), ...ofChildren].reduce((a, b) => a + b, 0);
}

/** The children of a process, where there is proc(5). Those that a thread other than its first has made are not among them. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** Fields 14 to 17 of a process's state, counted from the third, which is the first behind its name. */
const OWN = [11, 12];
const OF_ENDED_CHILDREN = [13, 14];

function ticksOf(pid: number, fields: readonly number[]): readonly number[] {
  let state: readonly string[];
  try {
    state = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
  } catch {
    // It has ended meanwhile, and counts as its parent's from now on.
    return [];
  }
  return fields.map((field) => Number(state[field]));
}

/** CPU time that this process has used with all its threads, in microseconds. */
export function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
