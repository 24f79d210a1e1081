import type { Target, TargetId } from "@interpose/engine";
import type { OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";

/**
 * What a queue gets with its turn, where it has as much room, is not less than the first and, where others wait, not more than the second: many small claims cost
 * more than they are fair.
 */
const LEAST_WITH_A_TURN = 4;
const MUCH_WITH_A_TURN = 16;
/** Of many queues, each gets less with its turn, so that after about so many deliveries it is each one's turn again. */
const ROUND = 2_048;
/** When less than this share of all slots is free, nobody gets more than their part of all. */
export const SCARCE_SHARE = 0.25;

/** A queue whose turn it is, and how much of it may begin. */
export interface Turn {
  readonly queue: OwnedQueue;
  readonly room: number;
}

/**
 * Shares the free slots among the queues that are ready, in the order of their turns, and lets those rest that can have none: they come back when they have room.
 * Where slots are scarce, a queue whose attempts take long cannot take what others need: it gets no more than its part of them all. While backlogs wait (`backlogsWait`), queues that
 * are never empty stay ready, without a turn.
 */
export function takeTurns(
  schedule: Schedule,
  free: number,
  slots: number,
  targetOf: (id: TargetId) => Target | undefined,
  now: number,
  backlogsWait: boolean,
): readonly Turn[] {
  const ready = [...schedule.ready()];
  const part = Math.max(1, Math.floor(slots / Math.max(1, ready.length)));
  const isScarce = free < slots * SCARCE_SHARE;
  const inRound = Math.min(MUCH_WITH_A_TURN, Math.floor(ROUND / Math.max(1, ready.length)));
  const atOnce = Math.max(LEAST_WITH_A_TURN, inRound, Math.ceil(free / Math.max(1, ready.length)));
  const turns: Turn[] = [];
  let left = free;
  for (const queue of ready) {
    if (left <= 0) break;
    if (backlogsWait && queue.leftSome) continue;
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
    left -= most;
    turns.push({ queue, room: most });
  }
  return turns;
}
