import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPortions } from "./portions.ts";

describe("createPortions()", () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("does little at once, and much in its order over turns, also what comes meanwhile", async () => {
    const done: number[] = [];
    const inPortions = createPortions(() => 3);
    const kind = {};
    const add = (...numbers: readonly number[]): void => {
      for (const n of numbers) inPortions(kind, () => void done.push(n));
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

  it("lets what comes alone go before the rest of what there is much of", async () => {
    const done: string[] = [];
    const inPortions = createPortions(() => 2);
    const [much, little, alone] = [{}, {}, {}];
    const add = (of: object, ...names: readonly string[]): void => {
      for (const name of names) inPortions(of, () => void done.push(name));
    };
    add(much, "m1", "m2", "m3", "m4", "m5", "m6");
    add(little, "l1", "l2");
    assert.deepEqual(done, ["m1", "m2"]);
    await turn();
    assert.deepEqual(done.slice(2), ["m3", "l1"]);
    add(alone, "a1");
    await turn();
    assert.deepEqual(done.slice(4), ["m4", "l2"]);
    await turn();
    assert.deepEqual(done.slice(6), ["a1", "m5"]);
    await turn();
    assert.deepEqual(done.slice(8), ["m6"]);
  });
});
