import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSlowing } from "./slowing.ts";

describe("slowing", () => {
  it("holds nothing back at first", () => {
    assert.equal(createSlowing().concurrency(0), Number.POSITIVE_INFINITY);
  });

  it("waits as long as it is asked to, and begins with one at a time", () => {
    const slowing = createSlowing();
    assert.equal(slowing.slow(5_000, 100), true);
    assert.deepEqual([slowing.until(), slowing.concurrency(5_099), slowing.concurrency(5_100)], [5_100, 0, 1]);
  });

  it("doubles with each success until nothing is held back", () => {
    const slowing = createSlowing();
    slowing.slow(0, 0);
    const seen = [1, 2, 3, 4].map(() => {
      slowing.succeeded(16);
      return slowing.concurrency(1);
    });
    assert.deepEqual(seen, [2, 4, 8, Number.POSITIVE_INFINITY]);
  });

  it("waits for longer each time when it is not told how long, up to ten minutes", () => {
    const slowing = createSlowing();
    let now = 0;
    const waits = Array.from({ length: 12 }, () => {
      slowing.slow(undefined, now);
      const wait = slowing.until() - now;
      now = slowing.until();
      return wait / 1_000;
    });
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    slowing.succeeded(20);
    slowing.slow(undefined, now);
    assert.equal(slowing.until() - now, 1_000);
  });

  it("takes what many attempts at once are told as one wish, for the longest time of them", () => {
    const slowing = createSlowing();
    assert.deepEqual(
      [slowing.slow(1_000, 0), slowing.slow(3_000, 10), slowing.slow(undefined, 20)],
      [true, false, false],
    );
    assert.equal(slowing.until(), 3_010);
  });

  it("goes on from a time that was kept", () => {
    const slowing = createSlowing();
    slowing.restore(1_000, 0);
    assert.deepEqual([slowing.concurrency(999), slowing.concurrency(1_000)], [0, 1]);
    slowing.restore(500, 1_000);
    assert.equal(slowing.concurrency(1_000), Number.POSITIVE_INFINITY);
  });
});
