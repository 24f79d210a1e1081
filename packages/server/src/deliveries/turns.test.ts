import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Target } from "@interpose/engine";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";
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

/** A queue of which 15 attempts are under way, of 20, and so many are claimed ahead. */
function queueWith(ahead: number) {
  const now = performance.now();
  const row = { pausedBy: null, pauseReason: null, slowedMs: null, openings: 0, probeMs: null, mark: "" };
  const queue = new OwnedQueue({ targetId: "1", ...row }, now);
  const schedule = createSchedule();
  schedule.add(queue);
  for (let i = 0; i < 15; i++) queue.begin(now);
  for (let i = 0; i < ahead; i++) queue.ahead.put({ delivery: { id: BigInt(i) } as ClaimedDelivery, at: 0 });
  schedule.wake(queue);
  const room = (mayClaim: boolean): number | undefined =>
    takeTurns(schedule, 256, 256, () => TARGET, now, mayClaim)[0]?.room;
  return { queue, schedule, room };
}

describe("takeTurns()", () => {
  it("gives a queue what it has room for, and lets it rest then", () => {
    const { queue, schedule, room } = queueWith(0);
    assert.equal(room(true), 5);
    assert.equal(schedule.ready().has(queue), false);
  });

  it("gives what was claimed ahead alone, while nothing may be claimed", () => {
    assert.equal(queueWith(3).room(false), 3);
    assert.equal(queueWith(9).room(false), 5);
  });

  it("leaves a queue ready, of which nothing was claimed ahead while nothing may be", () => {
    const { queue, schedule, room } = queueWith(0);
    assert.equal(room(false), undefined);
    assert.ok(schedule.ready().has(queue));
  });
});
