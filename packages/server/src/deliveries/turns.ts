import type { Target, TargetId } from "@interpose/engine";
import type { OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";

/** A queue gets as many at least with its turn, where it has as much room: many small claims cost more than they are fair. */
const LEAST_WITH_A_TURN = 4;
/** When less than this share of all slots is free, nobody gets more than their part of all. */
const SCARCE_SHARE = 0.25;

/** A queue whose turn it is, and how much of it may be claimed. */
export interface Turn {
  readonly queue: OwnedQueue;
  readonly room: number;
}

/**
 * Shares the free slots among the queues that are ready, in the order of their turns, and lets those rest that can have none: they come back when they have room.
 * Where slots are scarce, a queue whose attempts take long cannot take what others need: it gets no more than its part of them all.
 */
export function takeTurns(
  schedule: Schedule,
  free: number,
  slots: number,
  targetOf: (id: TargetId) => Target | undefined,
  now: number,
): readonly Turn[] {
  const ready = [...schedule.ready()];
  const part = Math.max(1, Math.floor(slots / Math.max(1, ready.length)));
  const isScarce = free < slots * SCARCE_SHARE;
  const atOnce = Math.max(LEAST_WITH_A_TURN, Math.ceil(free / Math.max(1, ready.length)));
  const turns: Turn[] = [];
  let left = free;
  for (const queue of ready) {
    if (left <= 0) break;
    const target = targetOf(queue.targetId);
    const room = queue.room(target, now);
    if (room === 0) {
      schedule.rest(queue);
      const at = queue.roomAt(target, now);
      if (at !== undefined) schedule.wakeAt(queue, at);
      continue;
    }
    const most = Math.min(room, atOnce, left, isScarce ? part - queue.active : left);
    if (most <= 0) continue;
    schedule.rest(queue);
    queue.hasDue = false;
    left -= most;
    turns.push({ queue, room: most });
  }
  return turns;
}
