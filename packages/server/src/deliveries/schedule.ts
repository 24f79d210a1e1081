import type { OwnedQueue } from "./queue.ts";

/** Longest delay of a timer of Node's. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The queues of this worker, and which of them may have something to attempt now. Those that wait longest for their turn come first. */
export interface Schedule {
  get(targetId: string): OwnedQueue | undefined;
  all(): Iterable<OwnedQueue>;
  size(): number;
  add(queue: OwnedQueue): void;
  remove(queue: OwnedQueue): void;
  /** In the order of their turns. */
  ready(): ReadonlySet<OwnedQueue>;
  /** Something of it may be due: it gets its turn. */
  wake(queue: OwnedQueue): void;
  /** It gets its turn, for what is known of it. */
  lineUp(queue: OwnedQueue): void;
  /** The same at a time of `performance.now()`, or before. */
  wakeAt(queue: OwnedQueue, at: number): void;
  /** It has had its turn. */
  rest(queue: OwnedQueue): void;
  /** Waits until a queue was woken, or `nudge` was called, since the last wait. */
  change(): Promise<void>;
  /** Makes whoever waits for a change look again. */
  nudge(): void;
}

/** A schedule without queues. */
export function createSchedule(): Schedule {
  const queues = new Map<string, OwnedQueue>();
  const ready = new Set<OwnedQueue>();
  let changed = Promise.withResolvers<undefined>();

  function dropTimer(queue: OwnedQueue): void {
    clearTimeout(queue.timer);
    queue.timer = undefined;
    queue.timerAt = Number.POSITIVE_INFINITY;
  }
  function wake(queue: OwnedQueue): void {
    queue.hasDue = true;
    lineUp(queue);
  }
  function lineUp(queue: OwnedQueue): void {
    if (queues.get(queue.targetId) !== queue) return;
    ready.add(queue);
    changed.resolve(undefined);
  }
  return {
    get: (targetId) => queues.get(targetId),
    all: () => queues.values(),
    size: () => queues.size,
    add: (queue) => void queues.set(queue.targetId, queue),
    remove(queue) {
      if (queues.get(queue.targetId) === queue) queues.delete(queue.targetId);
      ready.delete(queue);
      dropTimer(queue);
    },
    ready: () => ready,
    wake,
    lineUp,
    wakeAt(queue, at) {
      if (at >= queue.timerAt) return;
      dropTimer(queue);
      queue.timerAt = at;
      // Timers of Node's may come up to a millisecond early.
      const delay = Math.min(Math.max(0, Math.ceil(at - performance.now()) + 1), LONGEST_TIMER_MS);
      queue.timer = setTimeout(() => {
        dropTimer(queue);
        wake(queue);
      }, delay);
      queue.timer.unref();
    },
    rest: (queue) => void ready.delete(queue),
    async change() {
      await changed.promise;
      changed = Promise.withResolvers<undefined>();
    },
    nudge: () => changed.resolve(undefined),
  };
}
