import { deleteQueue } from "../store/sql/delete-queue.ts";
import { openHeldGates } from "../store/sql/open-held-gates.ts";
import { readRevision } from "../store/sql/read-revision.ts";
import { selectFreeStages } from "../store/sql/select-free-stages.ts";
import { selectNextDue } from "../store/sql/select-next-due.ts";
import { selectQueues } from "../store/sql/select-queues.ts";
import { selectUnfinished, type UnfinishedDeliveries } from "../store/sql/select-unfinished.ts";
import { settleGates } from "../store/sql/settle-gates.ts";
import { createBatches } from "./batches.ts";
import { beforeAllGates, cancelWithin, settleCancelled } from "./cancelling.ts";
import type { Hold, OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** Most queues that one statement asks for, and most deliveries that one changes. */
const MOST_QUEUES = 1_000;
const MOST_DELIVERIES = 1_000;
/** Looking for all that is due, when it is asked for again and again. */
const LEAST_BETWEEN_LOOKS_MS = 50;
/** Most deliveries that one sweep looks at, so that it stays small where very many are blocked. The next one goes on behind them. */
const MOST_OF_A_SWEEP = 10_000;

/** Told of what was found. */
export interface UpkeepEvents {
  /** Others of the same events may begin. */
  readonly onReleased: (targetIds: readonly string[]) => void;
  /** A queue is held back from now on, or no longer. */
  readonly onHold: (queue: OwnedQueue, hold: Hold | "resumed") => void;
}

/** What is done for queues beside attempts. Each works in the background, and is tried again until it succeeds. */
export interface Upkeep {
  /** Reads the row of a queue anew. */
  reread(queue: OwnedQueue): void;
  /** Lets nobody wait for the first attempts of a queue that is held. `alsoQueued`: it has not been looked at since it is held. */
  openGates(queue: OwnedQueue, alsoQueued: boolean): void;
  /** Finds when each of some queues has something due. */
  findDue(queues: readonly OwnedQueue[]): void;
  /** The same for all. */
  findAllDue(): void;
  /** Ends a queue whose target is not known: once more it is asked for, then what is left is cancelled. */
  bury(queue: OwnedQueue): void;
  /** Lets begin what waits for nothing any more, where nobody saw that. */
  sweep(): void;
  stop(): Promise<void>;
}

/** Starts with nothing to do. */
export function createUpkeep(context: WorkerContext, schedule: Schedule, events: UpkeepEvents): Upkeep {
  const { database, workerId, instanceId, router, log, onError } = context;
  const failed =
    (doing: string) =>
    (error: unknown): void =>
      onError(doing, error);

  const rereads = createBatches<OwnedQueue>(
    MOST_QUEUES,
    async (queues) => {
      const ids = [...new Set(queues.map(({ targetId }) => targetId))];
      const rows = await selectQueues(database, workerId, instanceId, ids);
      for (const row of rows) {
        const queue = schedule.get(row.targetId);
        const hold = queue?.read(row, performance.now());
        if (!queue) continue;
        if (hold) events.onHold(queue, hold);
        // A slowing that was taken back is no hold, and yet more may begin.
        if (hold === undefined || hold === "resumed") schedule.wake(queue);
      }
    },
    failed("reading the state of queues"),
  );

  const gates = createBatches<{ readonly queue: OwnedQueue; readonly alsoQueued: boolean }>(
    MOST_QUEUES,
    async (orders) => {
      for (const alsoQueued of [true, false]) {
        const chosen = orders.filter((order) => order.alsoQueued === alsoQueued && order.queue.hold() !== undefined);
        const ids = [...new Set(chosen.map(({ queue }) => queue.targetId))];
        if (ids.length === 0) continue;
        for (let count = MOST_DELIVERIES; count === MOST_DELIVERIES;) {
          const opened = await openHeldGates(database, workerId, instanceId, ids, MOST_DELIVERIES, { alsoQueued });
          if (opened.released.length > 0) events.onReleased(opened.released);
          count = opened.count;
        }
      }
    },
    failed("opening gates of targets that are held"),
  );

  const dues = createBatches<OwnedQueue>(
    MOST_QUEUES,
    async (queues) => {
      const held = queues.flatMap((queue) => [...queue.held.keys()]);
      const found = await selectNextDue(
        database,
        queues.map(({ targetId }) => targetId),
        held,
      );
      const now = performance.now();
      for (const { targetId, dueMs, dueAt } of found) {
        const queue = schedule.get(targetId);
        if (!queue) continue;
        queue.foundDue(dueAt);
        if (dueMs <= 0) schedule.wake(queue);
        else schedule.wakeAt(queue, now + dueMs);
      }
    },
    failed("looking for what is due"),
  );
  let looking: NodeJS.Timeout | undefined;
  function findAllDue(): void {
    if (dues.size() === 0) {
      for (const queue of schedule.all()) dues.add(queue);
      return;
    }
    looking ??= setTimeout(() => {
      looking = undefined;
      findAllDue();
    }, LEAST_BETWEEN_LOOKS_MS);
  }

  async function bury(queue: OwnedQueue): Promise<void> {
    const { targetId } = queue;
    if (router.target(targetId)) return;
    const { revision } = await readRevision(database, instanceId);
    await router.catchUp(revision);
    if (router.target(targetId) || schedule.get(targetId) !== queue) {
      schedule.wake(queue);
      return;
    }
    queue.isGone = true;
    // What is being attempted, or may be committed still, comes to an end of its own; then the next poll asks for this again.
    if (queue.held.size > 0 || queue.reserved > 0) return;
    for (let after: bigint | null = 0n; after !== null;) {
      const next: UnfinishedDeliveries = await selectUnfinished(database, instanceId, targetId, after, MOST_DELIVERIES);
      if (next.ids.length > 0) await cancel(next.ids);
      after = next.last;
    }
    await deleteQueue(database, workerId, instanceId, targetId);
    schedule.remove(queue);
    log("queue.ended", { targetId });
  }
  async function cancel(ids: readonly bigint[]): Promise<void> {
    const { deliveries, released } = await database.transaction((tx) =>
      cancelWithin(tx, context, ids, "target_deleted"),
    );
    events.onReleased(released);
    events.onReleased(await settleCancelled(database, context, deliveries));
  }
  const burials = createBatches<OwnedQueue>(
    1,
    async (queues) => {
      for (const queue of queues) await bury(queue);
    },
    failed("ending the queue of a target that is gone"),
  );
  /** Where the sweep has come to. */
  let sweptTo = { targetId: "", id: 0n };
  async function sweep(): Promise<void> {
    for (let looked = 0; looked < MOST_OF_A_SWEEP; looked += MOST_DELIVERIES) {
      const ids = [...schedule.all()].map(({ targetId }) => targetId).filter((id) => id >= sweptTo.targetId);
      ids.sort((a, b) => (a < b ? -1 : 1));
      const behind = ids[0] === sweptTo.targetId ? sweptTo.id : 0n;
      const { last, eventPositions } = await selectFreeStages(database, ids, behind, MOST_DELIVERIES);
      if (eventPositions.length > 0) {
        events.onReleased(await settleGates(database, workerId, instanceId, eventPositions.map(beforeAllGates)));
      }
      sweptTo = last ?? { targetId: "", id: 0n };
      if (!last) return;
    }
  }
  const sweeps = createBatches<undefined>(1, sweep, failed("looking for what waits for nothing"));
  const all = [rereads, gates, dues, burials, sweeps];
  return {
    reread: rereads.add,
    openGates: (queue, alsoQueued) => gates.add({ queue, alsoQueued }),
    findDue: (queues) => queues.forEach(dues.add),
    findAllDue,
    bury: burials.add,
    sweep() {
      if (sweeps.size() === 0) sweeps.add(undefined);
    },
    async stop() {
      clearTimeout(looking);
      for (const batches of all) batches.stop();
      await Promise.all(all.map((batches) => batches.idle()));
    },
  };
}
