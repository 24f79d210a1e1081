import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createLoopLoad, createSlotGathering, type SlotGathering } from "./slot-gathering.ts";

const SLOTS = 100;

/** A claim has just begun, and an attempt ended since. */
function gatheringWith(load: number, parts: { free: number }): SlotGathering {
  const gathering = createSlotGathering({ slots: SLOTS, freeSlots: () => parts.free, loopLoad: () => load });
  gathering.claimBegins();
  gathering.attemptEnded();
  return gathering;
}

/** Whether it waits longer than all that is done at once takes. */
async function waits(gathering: SlotGathering): Promise<{ readonly isOver: boolean; readonly over: Promise<void> }> {
  let isOver = false;
  const over = gathering.wait().then(() => void (isOver = true));
  await new Promise((resolve) => setImmediate(resolve));
  return { isOver, over };
}

describe("gathering free slots", () => {
  it("waits for nothing where no attempt has ended", async () => {
    const gathering = createSlotGathering({ slots: SLOTS, freeSlots: () => 1, loopLoad: () => 1 });
    gathering.claimBegins();
    assert.equal((await waits(gathering)).isOver, true);
  });

  it("waits until a quarter of the slots is free, or some milliseconds", async () => {
    assert.equal((await waits(gatheringWith(0.5, { free: 25 }))).isOver, true);
    const parts = { free: 24 };
    const gathering = gatheringWith(0.5, parts);
    const { isOver, over } = await waits(gathering);
    assert.equal(isOver, false);
    parts.free = 25;
    gathering.attemptEnded();
    await over;
    const began = performance.now();
    await (
      await waits(gatheringWith(0.5, { free: 0 }))
    ).over;
    assert.ok(performance.now() - began >= 5);
  });

  it("waits for half of them where the event loop is busy, and longer", async () => {
    assert.equal((await waits(gatheringWith(0.9, { free: 50 }))).isOver, true);
    const parts = { free: 25 };
    const gathering = gatheringWith(0.9, parts);
    const { over } = await waits(gathering);
    let isOver = false;
    void over.then(() => (isOver = true));
    await delay(25);
    assert.equal(isOver, false);
    parts.free = 50;
    gathering.look();
    await over;
    const began = performance.now();
    await (
      await waits(gatheringWith(0.9, { free: 0 }))
    ).over;
    assert.ok(performance.now() - began >= 40);
  });

  it("does not wait once more for what ended while it waited", async () => {
    const parts = { free: 0 };
    const gathering = gatheringWith(0.5, parts);
    const { over } = await waits(gathering);
    gathering.attemptEnded();
    await over;
    gathering.claimBegins();
    assert.equal((await waits(gathering)).isOver, true);
  });
});

describe("the load of the event loop", () => {
  it("is that since it was last asked", async () => {
    const load = createLoopLoad();
    await delay(30);
    assert.ok(load() < 0.75);
    const until = performance.now() + 30;
    while (performance.now() < until);
    assert.ok(load() > 0.75);
  });
});
