import assert from "node:assert/strict";
import { once } from "node:events";
import { before, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

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
      const left = await leftOf(conditions);
      assert.ok(left < 300, `${Math.round(left)} bytes of a call stay`);
    });
  }
});
