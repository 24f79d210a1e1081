import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPortions } from "./portions.ts";

describe("createPortions()", () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("does little at once, and much in its order over turns, also what comes meanwhile", async () => {
    const done: number[] = [];
    const inPortions = createPortions(3);
    const add = (...numbers: readonly number[]): void => {
      for (const n of numbers) inPortions(() => void done.push(n));
    };
    add(1, 2);
    assert.deepEqual(done, [1, 2]);
    add(3, 4, 5);
    assert.deepEqual(done, [1, 2, 3]);
    await turn();
    add(6, 7, 8, 9);
    assert.deepEqual(done, [1, 2, 3, 4, 5, 6]);
    await turn();
    assert.deepEqual(done, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await turn();
    await turn();
    add(10);
    assert.deepEqual(done.at(-1), 10);
  });
});
