import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBatches } from "./batches.ts";

/** Batches that give way while something is under way, and those that were done. */
function givingWay(giveWayMs: number) {
  const done: (readonly string[])[] = [];
  const state = { isTaken: true };
  const batches = createBatches<string>(
    10,
    (items) => {
      done.push(items);
      return Promise.resolve();
    },
    assert.ifError,
    {
      many: 100,
      enough: 100,
      limitMs: 0,
      isUrgent: (item) => item === "urgent",
      mustGiveWay: () => state.isTaken,
      giveWayMs,
    },
  );
  return { batches, done, state };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a batch that gives way", () => {
  it("begins once that is over, with all that came meanwhile", async () => {
    const { batches, done, state } = givingWay(1_000_000);
    batches.add("a");
    await turn();
    batches.add("b");
    await turn();
    assert.deepEqual(done, []);
    state.isTaken = false;
    batches.clear();
    await batches.idle();
    assert.deepEqual(done, [["a", "b"]]);
  });

  it("does not do so for what is urgent", async () => {
    const { batches, done } = givingWay(1_000_000);
    batches.add("a");
    await turn();
    batches.add("urgent");
    await batches.idle();
    assert.deepEqual(done, [["a", "urgent"]]);
    batches.add("urgent");
    await batches.idle();
    assert.deepEqual(done.at(-1), ["urgent"]);
  });

  it("does so no longer than it may", async () => {
    const { batches, done } = givingWay(20);
    const began = performance.now();
    batches.add("a");
    await batches.idle();
    assert.deepEqual(done, [["a"]]);
    assert.ok(performance.now() - began >= 19);
  });
});
