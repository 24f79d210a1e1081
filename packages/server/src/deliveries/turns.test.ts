import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Target } from "@interpose/engine";
import { OwnedQueue } from "./queue.ts";
import { createSchedule } from "./schedule.ts";
import { takeTurns } from "./turns.ts";

const TARGET: Target = {
  id: "1",
  name: "t",
  type: "webhook",
  endpoint: "http://192.0.2.1/",
  timeoutMs: 1_000,
  interruptOnError: false,
  dialect: "v3alpha",
};

/** A queue of which so many attempts are under way, of 20, and a look at what it gets. */
function queueWith(active: number) {
  const now = performance.now();
  const row = { pausedBy: null, pauseReason: null, slowedMs: null, openings: 0, probeMs: null, mark: "" };
  const queue = new OwnedQueue({ targetId: "1", ...row }, now);
  const schedule = createSchedule();
  schedule.add(queue);
  for (let i = 0; i < active; i++) queue.begin(now);
  return {
    queue,
    schedule,
    now,
    roomAfter(ms: number): number | undefined {
      schedule.wake(queue);
      return takeTurns(schedule, 256, 256, () => TARGET, now + ms)[0]?.room;
    },
  };
}

describe("takeTurns()", () => {
  it("lets a queue gather room, of which a claim has just left some", () => {
    const { queue, schedule, now, roomAfter } = queueWith(18);
    queue.leftSomeAt = now;
    assert.equal(roomAfter(1), undefined);
    assert.ok(queue.hasDue);
    assert.ok(queue.timerAt <= now + 6, "it comes back by itself");
    assert.equal(roomAfter(6), 2);
    schedule.remove(queue);
  });

  it("lets none wait of which the last claim took all, or as much as is under way is free", () => {
    assert.equal(queueWith(18).roomAfter(1), 2);
    const { queue, now, roomAfter } = queueWith(10);
    queue.leftSomeAt = now;
    assert.equal(roomAfter(1), 10);
  });
});
