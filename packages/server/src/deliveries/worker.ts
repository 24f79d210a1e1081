import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Target } from "@interpose/engine";
import type { DeliveryOwners } from "../events/delivery-owners.ts";
import { isOwnAggregateType } from "../events/own-events.ts";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";
import type { StoredQueue } from "../store/sql/queue-row.ts";
import { makeAttempt, type MadeAttempt } from "./attempt.ts";
import { startClaiming } from "./claiming.ts";
import { createPublishing } from "./giving-way.ts";
import { createHandingOver } from "./handing-over.ts";
import { createOrder } from "./order.ts";
import { createOwnerTeller } from "./owner-teller.ts";
import { createOwnership } from "./ownership.ts";
import { OwnedQueue, type HeldDelivery, type Hold } from "./queue.ts";
import { createRecorder, type Result } from "./recorder.ts";
import { createSchedule } from "./schedule.ts";
import { createUpkeep } from "./upkeep.ts";
import {
  DEFAULT_WORKER_OPTIONS,
  type DeliveryWorkerOptions,
  type DeliveryWorkerParts,
  type WorkerContext,
} from "./worker-parts.ts";

/** Channel on which owners of queues are told of targets that have something new, with their ids; `*`: of any. */
const DELIVERIES_CHANNEL = "interpose_deliveries";
const ANY = "*";
/** Longest time for writing what came of the last attempts. */
const LAST_WRITES_MS = 5_000;
/** One failing statement is told of no more often. */
const TELL_AGAIN_MS = 5_000;

/** A process that delivers. */
export interface DeliveryWorker {
  /** Its id in the database. */
  readonly id: string;
  /** The way to this worker's queues and those of others. */
  readonly owners: DeliveryOwners;
  /**
   * Begins nothing more, waits at most `graceMs` for attempts that are under way, gives up those that are left, and leaves its queues to others at once.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts to deliver: takes its part of the queues, claims what is due in them, attempts it, and writes what came of it. The way of a delivery through the files:
 * `claiming.ts` by `turns.ts` and `schedule.ts`, `attempt.ts`, `recorder.ts`, then `order.ts`; `ownership.ts` says which queues are this worker's, `queue.ts` how much
 * of one may begin, `upkeep.ts` looks after the rest.
 */
export async function startDeliveryWorker(
  parts: DeliveryWorkerParts,
  options: Partial<DeliveryWorkerOptions> = {},
): Promise<DeliveryWorker> {
  const { log, router, database } = parts;
  const name = `${hostname()}:${process.pid}`;
  const told = new Map<string, number>();
  const context: WorkerContext = {
    ...DEFAULT_WORKER_OPTIONS,
    ...options,
    ...parts,
    workerId: `${name}:${randomBytes(4).toString("hex")}`,
    onError(doing, error) {
      const now = performance.now();
      if (now - (told.get(doing) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return;
      told.set(doing, now);
      log("worker.failed", { worker: context.workerId, doing, error });
    },
  };
  const { workerId } = context;
  const schedule = createSchedule();
  /** Queues that were lost while something of them was under way. They may come back. */
  const departed = new Map<string, OwnedQueue>();
  const givenUp = new AbortController();
  const ownership = createOwnership(context, name, schedule, { onAcquired, onLost });
  const upkeep = createUpkeep(context, schedule, { onReleased: wakeAll, onHold });
  const order = createOrder(context, schedule);
  const publishing = createPublishing();
  const recorder = createRecorder(context, publishing, { onWritten, onReleased: wakeAll });
  const others = createOwnerTeller(database, (error) => context.onError("telling owners of queues", error));
  const claiming = startClaiming(context, schedule, publishing, ownership.holdsLease, {
    onClaimed: begin,
    onQueued(queue, keys) {
      for (const fifoKey of new Set(keys)) order.advance({ targetId: queue.targetId, fifoKey });
    },
    onGivenBack(queue, deliveries) {
      for (const { id, dueAt, fifoKey } of deliveries)
        recorder.add({ kind: "unsent", queue, delivery: { id, dueAt, fifoKey } });
    },
    onDoubt(queue) {
      ownership.look();
      upkeep.reread(queue);
    },
  });
  const reserve = createHandingOver(context, claiming, publishing, {
    onFreed: ownership.look,
    onUntold: tellOwners,
  });

  function begin(queue: OwnedQueue, claimed: ClaimedDelivery, at: number): void {
    const { id, dueAt, fifoKey, targetId } = claimed;
    const delivery = { id, dueAt, fifoKey };
    const target = router.target(targetId);
    if (isOwnAggregateType(claimed.aggregateType)) {
      const ageMs = at - claimed.createdAt.getTime();
      if (queue.countOwnEvent(ageMs, performance.now())) changed(queue, "paused");
    }
    if (!target) {
      queue.ended({ kind: "nothing" }, undefined, performance.now());
      claiming.release(queue);
      recorder.add({ kind: "unsent", queue, delivery });
      upkeep.bury(queue);
      return;
    }
    void attempt(queue, delivery, target, makeAttempt(context, claimed, target, givenUp.signal));
  }

  async function attempt(
    queue: OwnedQueue,
    delivery: HeldDelivery,
    target: Target,
    making: Promise<MadeAttempt>,
  ): Promise<void> {
    const { outcome, attempt, wasSent } = await making;
    const now = performance.now();
    const before = queue.hold();
    const isChanged = queue.ended(outcome.sign, target, now);
    const { decision, failure } = outcome;
    if (failure === "cancelled" && !wasSent) recorder.add({ kind: "unsent", queue, delivery });
    else recorder.add({ kind: "ended", queue, delivery, attempt });
    if (isChanged) changed(queue, queue.hold() === before ? undefined : (queue.hold() ?? "resumed"));
    if (decision.kind === "retry") schedule.wakeAt(queue, now + decision.delayMs);
    claiming.release(queue);
    log("delivery.attempted", {
      deliveryId: String(delivery.id),
      targetId: target.id,
      attempt: attempt.number,
      outcome: failure ?? "succeeded",
      decision: decision.kind,
      durationMs: now - attempt.beganAt,
    });
  }

  /** The state of a queue has changed by what its target answered. */
  function changed(queue: OwnedQueue, hold: Hold | "resumed" | undefined): void {
    recorder.add({ kind: "queue", queue });
    if (hold) onHold(queue, hold);
  }

  function onHold(queue: OwnedQueue, hold: Hold | "resumed"): void {
    const { targetId } = queue;
    if (hold === "resumed") {
      log("queue.resumed", { targetId });
      schedule.wake(queue);
      return;
    }
    log(hold === "paused" ? "queue.paused" : "queue.broken", { targetId });
    claiming.settle(queue);
    upkeep.openGates(queue, true);
    // So that the probe has its time.
    if (hold === "open") schedule.wake(queue);
  }

  function onWritten(results: readonly Result[]): void {
    let written = 0;
    for (const result of results) {
      if (result.kind === "queue") continue;
      const { queue, delivery } = result;
      queue.held.delete(delivery.id);
      written++;
      const { targetId } = queue;
      if (result.kind === "unsent") {
        queue.foundDue(delivery.dueAt);
        // Without a target it would come back here at once.
        if (router.target(targetId)) schedule.wake(queue);
        else queue.hasDue = true;
      } else if (delivery.fifoKey !== null) {
        // Also where it is tried again: an earlier one may have been sent again by hand meanwhile.
        order.advance({ targetId, fifoKey: delivery.fifoKey });
      }
      if (queue.held.size > 0) continue;
      if (departed.get(targetId) === queue) departed.delete(targetId);
      if (queue.isLeaving) ownership.look();
      if (queue.isGone || (result.kind === "unsent" && !router.target(targetId))) upkeep.bury(queue);
    }
    claiming.written(written);
  }

  function tellOwners(targetIds: readonly string[]): void {
    const own = ownership.holdsLease() ? targetIds.filter((id) => schedule.get(id) !== undefined) : [];
    wakeAll(own);
    if (own.length < targetIds.length) others.tell(targetIds.filter((id) => !own.includes(id)));
  }

  function wakeAll(targetIds: readonly string[]): void {
    for (const targetId of targetIds) {
      const queue = schedule.get(targetId);
      if (queue) wake(queue);
    }
  }

  /** Something is new for a queue, of whatever kind. */
  function wake(queue: OwnedQueue): void {
    schedule.wake(queue);
    order.lookThrough(queue);
    if (queue.isHindered(performance.now())) upkeep.reread(queue);
    if (queue.hold()) upkeep.openGates(queue, false);
  }

  function onAcquired(rows: readonly StoredQueue[]): void {
    const now = performance.now();
    const queues = rows.map((row) => {
      const back = departed.get(row.targetId);
      if (back) {
        departed.delete(row.targetId);
        back.reacquired(row, now);
      }
      const queue = back ?? new OwnedQueue(row, now);
      schedule.add(queue);
      return queue;
    });
    upkeep.findDue(queues);
    for (const queue of queues) {
      order.lookThrough(queue);
      if (queue.hold()) upkeep.openGates(queue, true);
    }
    schedule.nudge();
  }

  function onLost(queues: readonly OwnedQueue[]): void {
    for (const queue of queues) {
      schedule.remove(queue);
      claiming.giveBack(queue);
      if (queue.held.size > 0) departed.set(queue.targetId, queue);
    }
    // What this worker was told of in the belief that they were its own.
    others.tell(queues.filter(({ hasDue }) => hasDue).map(({ targetId }) => targetId));
  }

  /** Looks for what nobody told of. */
  function poll(): void {
    upkeep.findAllDue();
    const now = performance.now();
    for (const queue of schedule.all()) {
      if (queue.isHindered(now)) upkeep.reread(queue);
      if (queue.hold()) upkeep.openGates(queue, false);
      if (!router.target(queue.targetId)) upkeep.bury(queue);
      claiming.settle(queue);
    }
  }

  /** Anything may be new for any queue. */
  function lookAtAll(): void {
    ownership.look();
    poll();
    for (const queue of schedule.all()) order.lookThrough(queue);
  }

  /** Looks for what was left waiting by orders that met others at work. */
  function sweep(): void {
    upkeep.sweep();
    for (const queue of schedule.all()) order.lookThrough(queue);
  }

  const listening = await database.listen(
    DELIVERIES_CHANNEL,
    (payload) => {
      if (payload === ANY) {
        lookAtAll();
        return;
      }
      for (const targetId of payload.split(" ")) {
        const queue = schedule.get(targetId);
        if (queue) wake(queue);
        else ownership.heardOf(targetId);
      }
    },
    lookAtAll,
  );
  await ownership.start();
  log("worker.started", { worker: workerId });
  const polling = setInterval(poll, context.pollMs);
  polling.unref();
  const sweeping = setInterval(sweep, context.sweepMs);
  sweeping.unref();

  return {
    id: workerId,
    owners: { tell: tellOwners, reserve },
    async stop(graceMs) {
      clearInterval(polling);
      clearInterval(sweeping);
      await listening.stop();
      await within(LAST_WRITES_MS, claiming.stop());
      const grace = setTimeout(() => {
        givenUp.abort();
        schedule.nudge();
      }, graceMs);
      while (claiming.active() > 0 || (publishing.count() > 0 && !givenUp.signal.aborted)) await schedule.change();
      clearTimeout(grace);
      await within(LAST_WRITES_MS, recorder.idle());
      recorder.stop();
      order.stop();
      await within(LAST_WRITES_MS, Promise.all([upkeep.stop(), order.idle()]));
      await within(LAST_WRITES_MS, ownership.end()).catch((error: unknown) =>
        context.onError("leaving the queues", error),
      );
      onLost([...schedule.all()]);
      await others.stop();
      log("worker.stopped", { worker: workerId });
    },
  };
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limitMs)))]);
  clearTimeout(timer);
}
