import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBatches } from "./batches.ts";

/** Batches that have to wait, and those that were done. */
function waiting() {
  const done: (readonly string[])[] = [];
  const state = { mustWait: true };
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
      mustWait: () => state.mustWait,
    },
  );
  return { batches, done, state };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a batch that has to wait", () => {
  it("begins once it has not, with all that came meanwhile", async () => {
    const { batches, done, state } = waiting();
    batches.add("a");
    await turn();
    batches.add("b");
    batches.go();
    await turn();
    assert.deepEqual(done, [], "it has to still");
    state.mustWait = false;
    batches.go();
    await batches.idle();
    assert.deepEqual(done, [["a", "b"]]);
  });

  it("does not wait for what is urgent", async () => {
    const { batches, done } = waiting();
    batches.add("a");
    await turn();
    batches.add("urgent");
    await batches.idle();
    assert.deepEqual(done, [["a", "urgent"]]);
    batches.add("urgent");
    await batches.idle();
    assert.deepEqual(done.at(-1), ["urgent"]);
  });

  it("never begins once they are stopped", async () => {
    const { batches, done } = waiting();
    batches.add("a");
    await turn();
    batches.stop();
    await batches.idle();
    assert.deepEqual(done, []);
  });
});
