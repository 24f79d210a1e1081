import { promoteHeads, type OrderedKey } from "../store/sql/promote-heads.ts";
import { selectOrderedTargets } from "../store/sql/select-ordered-targets.ts";
import { selectUnfinishedKeys, type UnfinishedKey } from "../store/sql/select-unfinished-keys.ts";
import { createBatches } from "./batches.ts";
import type { OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** Most queues that one statement asks for. */
const MOST_QUEUES = 1_000;
/** Most keys that are looked at with one statement. */
const MOST_KEYS = 500;
/** A queue as a whole is looked through no more often: others than its owner end its deliveries rarely. */
const LOOK_THROUGH_MS = 1_000;

/** Lets deliveries begin that waited behind others of their key. */
export interface Order {
  /** The first of a key may have changed. */
  advance(key: OrderedKey): void;
  /** The first of any key of a queue may have changed, by others. */
  lookThrough(queue: OwnedQueue): void;
  idle(): Promise<void>;
  stop(): void;
}

/**
 * Deliveries of one key follow each other: a claim sets those aside (`queued`) that are not the first, and here the first may go on. That is looked at with statements of
 * their own, after the commit of a claim that set something aside and after that of each end: whichever of the two is later sees the other.
 */
export function createOrder(context: WorkerContext, schedule: Schedule): Order {
  const { database, onError } = context;
  const doing = "going on in order";

  async function advance(keys: readonly OrderedKey[]): Promise<void> {
    // A key of which something is under way is looked at when that ends.
    const idle = keys.filter(({ targetId, fifoKey }) => {
      const queue = schedule.get(targetId);
      return queue !== undefined && !queue.isAttempting(fifoKey);
    });
    if (idle.length === 0) return;
    for (const targetId of await promoteHeads(database, idle)) {
      const queue = schedule.get(targetId);
      if (queue) schedule.wake(queue);
    }
  }
  const keys = createBatches<OrderedKey>(MOST_KEYS, advance, (error) => onError(doing, error));

  async function lookThrough(queue: OwnedQueue): Promise<void> {
    let after: string | null = null;
    for (;;) {
      const found: readonly UnfinishedKey[] = await selectUnfinishedKeys(database, queue.targetId, after, MOST_KEYS);
      const queued = found.filter(({ hasQueued }) => hasQueued);
      if (queued.length > 0) {
        queue.mayHaveQueued = true;
        await advance(queued);
      }
      if (found.length < MOST_KEYS) return;
      after = found.at(-1)?.fifoKey ?? null;
    }
  }
  const throughs = createBatches<OwnedQueue>(
    MOST_QUEUES,
    async (queues) => {
      for (const queue of queues) queue.mayHaveQueued = false;
      const ids = await selectOrderedTargets(
        database,
        queues.map(({ targetId }) => targetId),
      );
      const ordered = new Set(ids);
      for (const queue of queues) if (ordered.has(queue.targetId)) await lookThrough(queue);
    },
    (error) => onError(doing, error),
  );
  /** Those that were looked through just now, and whether that has to be done again. */
  const recent = new Map<OwnedQueue, { again: boolean; readonly timer: NodeJS.Timeout }>();

  function lookThroughSoon(queue: OwnedQueue): void {
    if (!queue.mayHaveQueued) return;
    const entry = recent.get(queue);
    if (entry) {
      entry.again = true;
      return;
    }
    throughs.add(queue);
    const timer = setTimeout(() => {
      const isAgain = recent.get(queue)?.again;
      recent.delete(queue);
      if (isAgain) lookThroughSoon(queue);
    }, LOOK_THROUGH_MS);
    timer.unref();
    recent.set(queue, { again: false, timer });
  }
  return {
    advance: keys.add,
    lookThrough: lookThroughSoon,
    async idle() {
      await keys.idle();
      await throughs.idle();
    },
    stop() {
      keys.stop();
      throughs.stop();
      for (const { timer } of recent.values()) clearTimeout(timer);
    },
  };
}
