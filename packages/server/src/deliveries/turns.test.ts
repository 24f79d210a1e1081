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

/** A queue of which 15 attempts are under way, of 20. The last claim of it left some, or not. */
function queueThat({ leftSome }: { readonly leftSome: boolean }) {
  const now = performance.now();
  const row = { pausedBy: null, pauseReason: null, slowedMs: null, openings: 0, probeMs: null, mark: "" };
  const queue = new OwnedQueue({ targetId: "1", ...row }, now);
  const schedule = createSchedule();
  schedule.add(queue);
  for (let i = 0; i < 15; i++) queue.begin(now);
  queue.leftSome = leftSome;
  schedule.wake(queue);
  const room = (backlogsWait: boolean): number | undefined =>
    takeTurns(schedule, 256, 256, () => TARGET, now, backlogsWait)[0]?.room;
  return { room, isReady: () => schedule.ready().has(queue) };
}

describe("takeTurns()", () => {
  for (const leftSome of [false, true]) {
    it(`gives a queue${leftSome ? " that is never empty" : ""} what it has room for, and lets it rest then`, () => {
      const { room, isReady } = queueThat({ leftSome });
      assert.equal(room(false), 5);
      assert.equal(isReady(), false);
    });
  }

  it("leaves a queue that is never empty ready, while backlogs wait", () => {
    const { room, isReady } = queueThat({ leftSome: true });
    assert.equal(room(true), undefined);
    assert.ok(isReady());
  });

  it("gives others their turns then", () => {
    assert.equal(queueThat({ leftSome: false }).room(true), 5);
  });
});
