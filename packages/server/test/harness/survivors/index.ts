import assert from "node:assert/strict";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

/** What makes many calls, in a file of this folder with a thread of its own: what tests are run by keeps track of promises, and keeps them alive. */
export type Caller = "gateway-calls" | "queries" | "deliveries";

/** What is made for a call, and is among the old objects once it is over, makes collecting those longer, while calls wait. */
export async function assertLittleIsLeft(caller: Caller, workerData: unknown, mostBytes: number): Promise<void> {
  setFlagsFromString("--expose-gc");
  let left = Infinity;
  // V8 may make some of them old for what it has seen by chance, in one thread of many; what the program holds stays in each.
  for (let i = 0; i < 3 && left >= mostBytes; i++) {
    const worker = new Worker(new URL(`${caller}.ts`, import.meta.url), { workerData });
    [left] = (await once(worker, "message")) as [number];
    await worker.terminate();
  }
  assert.ok(left < mostBytes, `${Math.round(left)} bytes of a call stay`);
}
