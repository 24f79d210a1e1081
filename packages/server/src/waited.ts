import { setTimeout } from "node:timers/promises";

/** Waits so many milliseconds, or until it is to stop, and answers whether to go on. Keeps no process alive. */
export async function waited(ms: number, stopping: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(ms, undefined, { signal: stopping, ref: false });
  } catch {
    return false;
  }
  return !stopping.aborted;
}
