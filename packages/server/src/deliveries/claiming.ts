import { setTimeout as delay } from "node:timers/promises";
import type { TargetId } from "@interpose/engine";
import { claimDeliveries, type ClaimedDelivery, type ClaimOfQueue } from "../store/sql/claim-deliveries.ts";
import type { OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";
import type { Publishing } from "./giving-way.ts";
import { createPortions } from "./portions.ts";
import { createLoopLoad, createSlotGathering } from "./slot-gathering.ts";
import { SCARCE_SHARE, takeTurns, type Turn } from "./turns.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** So many times as many as can be under way may be held: what is over and not written yet counts as held. */
const HELD_PER_SLOT = 4;
const WAIT_AFTER_FAILURE_MS = 200;
/** Most attempts that begin in one turn of the event loop: few, so that all else of the process has its turn soon. Where slots are scarce it is busy anyway, and more turns cost. */
const MOST_IN_A_TURN = 2;
const MOST_WHERE_SCARCE = 8;

/** Told of what is claimed. */
export interface ClaimingEvents {
  /** `at`: the database's time then, in milliseconds since 1970. */
  readonly onClaimed: (queue: OwnedQueue, delivery: ClaimedDelivery, at: number) => void;
  /** Deliveries with these keys were set aside, to wait behind others. */
  readonly onQueued: (queue: OwnedQueue, keys: readonly string[]) => void;
  /** These were claimed ahead, and are not to begin for now. */
  readonly onGivenBack: (queue: OwnedQueue, deliveries: readonly ClaimedDelivery[]) => void;
  /** The queue is no longer what this worker thinks: another's, or paused. */
  readonly onDoubt: (queue: OwnedQueue) => void;
}

/** What is claimed of a queue: what begins at once, and what is claimed ahead. */
interface Wanted extends Turn {
  readonly ahead: number;
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
  /** Gives back what was claimed ahead of a queue, where nothing of it may begin for now. */
  settle(queue: OwnedQueue): void;
  /** The same, wherever. */
  giveBack(queue: OwnedQueue): void;
  /** So many results were written. */
  written(count: number): void;
  /** How many attempts are under way. */
  active(): number;
  /** Ends with the claim that is under way. */
  stop(): Promise<void>;
}

/**
 * Claims what is due with one statement after the other, each for as many queues and deliveries as there are slots for just then. While one is under way, attempts
 * end and queues are woken: that is what the next is made of, so that it is as large as the load needs it. While many end, it waits for more (`slot-gathering.ts`).
 *
 * Of a queue that is never empty, each attempt that ends makes room for one. So a claim of it takes some ahead (`ahead.ts`), which begin as there is room, without a claim of their own.
 * Both give way to what is being published (`giving-way.ts`).
 */
export function startClaiming(
  context: WorkerContext,
  schedule: Schedule,
  publishing: Publishing,
  holdsLease: () => boolean,
  events: ClaimingEvents,
): Claiming {
  const { database, workerId, instanceId, router, maxInFlight, onError } = context;
  let active = 0;
  let stopped = false;

  /** Claimed, and not written yet. */
  let held = 0;

  const way = publishing.giveWay(schedule.nudge);
  const inPortions = createPortions(() => (isScarce() ? MOST_WHERE_SCARCE : MOST_IN_A_TURN));

  const freeSlots = (): number =>
    Math.min(maxInFlight - active, maxInFlight * HELD_PER_SLOT - held) - publishing.count();
  const isScarce = (): boolean => freeSlots() < maxInFlight * SCARCE_SHARE;
  const gathering = createSlotGathering({ slots: maxInFlight, freeSlots, loopLoad: createLoopLoad() });

  function take({ queue, room, ahead }: Wanted, claim: ClaimOfQueue, now: number): void {
    if (schedule.get(queue.targetId) !== queue) return;
    if (!claim.isOwned || claim.isPaused) {
      // Nothing of it was looked at, and what it was woken for is there still, for whoever has it next.
      queue.hasDue = true;
      events.onDoubt(queue);
      return;
    }
    const last = claim.claimed.at(-1);
    const tookAll = claim.seen < room + ahead;
    queue.leftSome = !tookAll;
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
    held += taken.length;
    taken.forEach((delivery, i) => {
      if (i < room) begin(queue, delivery, claim.at, now);
      else queue.ahead.put({ delivery, at: claim.at });
    });
    if (queue.ahead.size > 0) schedule.lineUp(queue);
  }

  /** Begins what was claimed ahead, and answers for how many more there is room. */
  function beginAhead({ queue, room }: Turn, now: number): number {
    for (let left = room; left > 0; left--) {
      const first = queue.ahead.take();
      if (!first) return left;
      begin(queue, first.delivery, first.at, now);
    }
    return 0;
  }

  function begin(queue: OwnedQueue, delivery: ClaimedDelivery, at: number, now: number): void {
    active++;
    queue.begin(now);
    // Hundreds that begin in one turn would keep all else of the process waiting, publishers among it.
    inPortions(queue, () => events.onClaimed(queue, delivery, at));
  }

  async function claimOnce(): Promise<boolean> {
    const now = performance.now();
    for (const queue of schedule.ready()) settle(queue);
    const backlogsWait = [...schedule.ready()].some(({ leftSome }) => leftSome) && way.mustWait();
    const turns = takeTurns(schedule, freeSlots(), maxInFlight, router.target, now, backlogsWait);
    if (turns.length === 0) return false;
    const wanted: Wanted[] = [];
    for (const turn of turns) {
      const { queue } = turn;
      const room = beginAhead(turn, now);
      if (queue.hasDue && room > 0) wanted.push({ queue, room, ahead: aheadOf(queue, now) });
      else if (queue.hasMore()) schedule.lineUp(queue);
    }
    if (wanted.length > 0) await claim(wanted);
    return true;
  }

  function aheadOf(queue: OwnedQueue, now: number): number {
    const wanted = queue.claimAhead(router.target(queue.targetId), now);
    return isScarce() ? 0 : Math.min(wanted, freeSlots());
  }

  async function claim(wanted: readonly Wanted[]): Promise<void> {
    gathering.claimBegins();
    const ownClaims = wanted.flatMap(({ queue }) => [...queue.held.keys()]);
    for (const { queue } of wanted) {
      queue.hasDue = false;
      queue.claimBegins();
    }
    try {
      const claims = await claimDeliveries(
        database,
        workerId,
        instanceId,
        wanted.map(({ queue, room, ahead }) => ({
          targetId: queue.targetId,
          room: room + ahead,
          since: queue.first(),
        })),
        ownClaims,
      );
      const now = performance.now();
      const claimOf = new Map(claims.map((claim) => [claim.targetId, claim]));
      for (const each of wanted) {
        const claim = claimOf.get(each.queue.targetId);
        if (claim) take(each, claim, now);
      }
    } catch (error) {
      onError("claiming deliveries", error);
      await delay(WAIT_AFTER_FAILURE_MS, undefined, { ref: false });
      for (const { queue } of wanted) schedule.wake(queue);
    } finally {
      for (const { queue } of wanted) queue.claimEnded();
    }
  }

  function settle(queue: OwnedQueue): void {
    if (queue.ahead.size > 0 && !queue.goesOn(performance.now())) giveBack(queue);
  }

  function giveBack(queue: OwnedQueue): void {
    const deliveries = queue.ahead.takeAll().map(({ delivery }) => delivery);
    events.onGivenBack(queue, deliveries);
  }

  async function run(): Promise<void> {
    while (!stopped) {
      await gathering.wait();
      if (holdsLease() && (await claimOnce())) continue;
      await schedule.change();
    }
  }
  const running = run();
  return {
    reserve(targetId) {
      const queue = schedule.get(targetId);
      if (!queue || queue.hasMore() || stopped || !holdsLease() || isScarce()) return undefined;
      if (queue.room(router.target(targetId), performance.now()) === 0) return undefined;
      queue.reserve();
      publishing.begin();
      return queue;
    },
    handOver(queue, delivery) {
      const isKnown = delivery !== undefined && schedule.get(queue.targetId) === queue;
      if (isKnown) {
        const { id, dueAt, fifoKey, createdAt } = delivery;
        if (queue.takeCommitted({ id, dueAt, fifoKey })) {
          held++;
          begin(queue, delivery, createdAt.getTime(), performance.now());
        }
      }
      queue.unreserve();
      publishing.end();
      schedule.nudge();
      return isKnown;
    },
    release(queue) {
      active--;
      gathering.attemptEnded();
      settle(queue);
      if (queue.hasMore()) schedule.lineUp(queue);
      else schedule.nudge();
    },
    settle,
    giveBack,
    written(count) {
      held -= count;
      gathering.look();
      schedule.nudge();
    },
    active: () => active,
    async stop() {
      stopped = true;
      schedule.nudge();
      await running;
      for (const queue of schedule.all()) giveBack(queue);
    },
  };
}
