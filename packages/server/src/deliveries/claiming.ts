import { setTimeout as delay } from "node:timers/promises";
import type { TargetId } from "@interpose/engine";
import { claimDeliveries, type ClaimedDelivery, type ClaimOfQueue } from "../store/sql/claim-deliveries.ts";
import type { OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";
import { createPause } from "./pause.ts";
import { createPortions } from "./portions.ts";
import { SCARCE_SHARE, takeTurns } from "./turns.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** So many times as many as can be under way may be held: what is over and not written yet counts as held. */
const HELD_PER_SLOT = 4;
const WAIT_AFTER_FAILURE_MS = 200;
/** While slots are scarce and become free, claims follow each other no faster: each would be of few. */
const GATHER_MS = 10;
/** Most attempts that begin in one turn of the event loop. */
const MOST_IN_A_TURN = 8;

/** Told of what is claimed. */
export interface ClaimingEvents {
  /** `at`: the database's time then, in milliseconds since 1970. */
  readonly onClaimed: (queue: OwnedQueue, delivery: ClaimedDelivery, at: number) => void;
  /** Deliveries with these keys were set aside, to wait behind others. */
  readonly onQueued: (queue: OwnedQueue, keys: readonly string[]) => void;
  /** The queue is no longer what this worker thinks: another's, or paused. */
  readonly onDoubt: (queue: OwnedQueue) => void;
}

/** Claims deliveries for as long as it is not stopped. */
export interface Claiming {
  /** Keeps room for a delivery of a target that is about to be written as claimed. Undefined: none can be kept, or something that waits has to come first. */
  reserve(targetId: TargetId): OwnedQueue | undefined;
  /**
   * Begins what was committed in a room that was kept, where the queue is this worker's still, and gives up the room. Without a delivery, nothing was committed, as far as is
   * known. False: if something was, it is to be found by whoever has the queue.
   */
  handOver(queue: OwnedQueue, delivery: ClaimedDelivery | undefined): boolean;
  /** An attempt ended, so that its slot is free. */
  release(queue: OwnedQueue): void;
  /** So many results were written. */
  written(count: number): void;
  /** How many attempts are under way. */
  active(): number;
  /** For how many more room is kept. */
  reserved(): number;
  /** Ends with the claim that is under way. */
  stop(): Promise<void>;
}

/**
 * Claims what is due with one statement after the other, each for as many queues and deliveries as there are slots for just then. While one is under way, attempts
 * end and queues are woken: that is what the next is made of, so that it is as large as the load needs it. While many end, it waits until slots are no longer scarce:
 * a claim of much costs less than many of little.
 */
export function startClaiming(
  context: WorkerContext,
  schedule: Schedule,
  holdsLease: () => boolean,
  events: ClaimingEvents,
): Claiming {
  const { database, workerId, instanceId, router, maxInFlight, onError } = context;
  let active = 0;
  let stopped = false;

  /** Claimed, and not written yet. */
  let held = 0;

  /** Slots that are kept. */
  let reserved = 0;

  /** Slots that became free since the last claim began, and when that was. */
  let freed = 0;
  let beganAt = Number.NEGATIVE_INFINITY;
  const pause = createPause();
  const inPortions = createPortions(MOST_IN_A_TURN);

  const freeSlots = (): number => Math.min(maxInFlight - active, maxInFlight * HELD_PER_SLOT - held) - reserved;
  const isScarce = (): boolean => freeSlots() < maxInFlight * SCARCE_SHARE;

  async function gatherSlots(): Promise<void> {
    const rest = beganAt + GATHER_MS - performance.now();
    if (freed === 0 || rest <= 0 || !isScarce()) return;
    await pause.wait(rest);
  }

  function take(queue: OwnedQueue, room: number, claim: ClaimOfQueue, now: number): void {
    if (schedule.get(queue.targetId) !== queue) return;
    if (!claim.isOwned || claim.isPaused) {
      // Nothing of it was looked at, and what it was woken for is there still, for whoever has it next.
      queue.hasDue = true;
      events.onDoubt(queue);
      return;
    }
    const last = claim.claimed.at(-1);
    const tookAll = claim.seen < room;
    queue.leftSomeAt = tookAll ? Number.NEGATIVE_INFINITY : now;
    if (tookAll) queue.tookUpTo({ dueAt: claim.at, id: 0n }, claim.at);
    else if (last) queue.tookUpTo(last, claim.at);
    if (!tookAll || queue.hasDue) schedule.wake(queue);
    if (claim.nextDueMs !== null) schedule.wakeAt(queue, now + claim.nextDueMs);
    const taken = claim.claimed.filter(({ id, dueAt, fifoKey, wasOwn }) =>
      queue.takeFound({ id, dueAt, fifoKey }, wasOwn),
    );
    if (claim.queuedKeys.length > 0) {
      queue.mayHaveQueued = true;
      events.onQueued(queue, claim.queuedKeys);
    }
    for (const delivery of taken) begin(queue, delivery, claim.at, now);
  }

  function begin(queue: OwnedQueue, delivery: ClaimedDelivery, at: number, now: number): void {
    active++;
    held++;
    queue.begin(now);
    // Hundreds that begin in one turn would keep all else of the process waiting, publishers among it.
    inPortions(queue, () => events.onClaimed(queue, delivery, at));
  }

  async function claimOnce(): Promise<boolean> {
    freed = 0;
    const turns = takeTurns(schedule, freeSlots(), maxInFlight, router.target, performance.now());
    if (turns.length === 0) return false;
    beganAt = performance.now();
    const ownClaims = turns.flatMap(({ queue }) => [...queue.held.keys()]);
    const wanted = turns.map(({ queue, room }) => ({ targetId: queue.targetId, room, since: queue.first() }));
    for (const { queue } of turns) queue.claimBegins();
    try {
      const claims = await claimDeliveries(database, workerId, instanceId, wanted, ownClaims);
      const now = performance.now();
      const claimOf = new Map(claims.map((claim) => [claim.targetId, claim]));
      for (const { queue, room } of turns) {
        const claim = claimOf.get(queue.targetId);
        if (claim) take(queue, room, claim, now);
      }
    } catch (error) {
      onError("claiming deliveries", error);
      await delay(WAIT_AFTER_FAILURE_MS, undefined, { ref: false });
      for (const { queue } of turns) schedule.wake(queue);
    } finally {
      for (const { queue } of turns) queue.claimEnded();
    }
    return true;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      await gatherSlots();
      if (holdsLease() && (await claimOnce())) continue;
      await schedule.change();
    }
  }
  const running = run();
  return {
    reserve(targetId) {
      const queue = schedule.get(targetId);
      if (!queue || queue.hasDue || stopped || !holdsLease() || isScarce()) return undefined;
      if (queue.room(router.target(targetId), performance.now()) === 0) return undefined;
      queue.reserve();
      reserved++;
      return queue;
    },
    handOver(queue, delivery) {
      const isKnown = delivery !== undefined && schedule.get(queue.targetId) === queue;
      if (isKnown) {
        const { id, dueAt, fifoKey, createdAt } = delivery;
        if (queue.takeCommitted({ id, dueAt, fifoKey })) begin(queue, delivery, createdAt.getTime(), performance.now());
      }
      queue.unreserve();
      reserved--;
      schedule.nudge();
      return isKnown;
    },
    release(queue) {
      active--;
      freed++;
      if (!isScarce()) pause.end();
      if (queue.hasDue) schedule.wake(queue);
      else schedule.nudge();
    },
    written(count) {
      held -= count;
      if (!isScarce()) pause.end();
      schedule.nudge();
    },
    active: () => active,
    reserved: () => reserved,
    async stop() {
      stopped = true;
      schedule.nudge();
      await running;
    },
  };
}
