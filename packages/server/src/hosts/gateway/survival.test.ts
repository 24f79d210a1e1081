import assert from "node:assert/strict";
import { once } from "node:events";
import { before, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

const MOST_BYTES = 300;

/** Bytes that each call leaves among the old objects. */
async function leftOf(conditions: readonly string[]): Promise<number> {
  const worker = new Worker(new URL("../../../test/harness/survivors.ts", import.meta.url), { workerData: conditions });
  const [left] = (await once(worker, "message")) as [number];
  return left;
}

// What outlives the collections of young objects makes each of them long, and calls wait for it.
describe("what a gateway makes for a call that is over", () => {
  before(() => setFlagsFromString("--expose-gc"));

  for (const [what, conditions] of [
    ["passes", []],
    ["is looked at", ["request", "response"]],
  ] as const) {
    it(`goes with the collections of young objects, where it ${what}`, async () => {
      let left = Infinity;
      // V8 may make some of them old for what it has seen by chance, in one thread of many; what the gateway holds stays in each.
      for (let i = 0; i < 3 && left >= MOST_BYTES; i++) left = await leftOf(conditions);
      assert.ok(left < MOST_BYTES, `${Math.round(left)} bytes of a call stay`);
    });
  }
});
