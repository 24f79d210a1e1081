import { setTimeout } from "node:timers/promises";

/** Waits, or until the signal: it does not throw. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
