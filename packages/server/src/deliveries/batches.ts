import { setTimeout } from "node:timers/promises";

/** How long a batch that failed waits before it is tried again: at first, and at most. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** Work that is done in batches, one after the other. */
export interface Batches<T> {
  add(item: T): void;
  /** How many were added whose batch has not ended. */
  size(): number;
  /** Waits until there is nothing left to do. */
  idle(): Promise<void>;
  /** Begins no batch any more, and lets go of what is left. */
  stop(): void;
}

/**
 * Does work in batches without ever waiting for one to fill: the first item begins a batch at once, and what comes while it is under way makes the next. A batch
 * that fails is done again, as `onError` is told.
 */
export function createBatches<T>(
  most: number,
  work: (items: readonly T[]) => Promise<void>,
  onError: (error: unknown) => void,
): Batches<T> {
  let waiting: T[] = [];
  let underWay = 0;
  let running: Promise<void> | undefined;
  let stopped = false;

  const isStopped = (): boolean => stopped;
  async function done(batch: readonly T[]): Promise<boolean> {
    try {
      await work(batch);
      return true;
    } catch (error) {
      onError(error);
      return false;
    }
  }
  async function run(): Promise<void> {
    // Let all that is added in the same turn come along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.length <= most ? waiting : waiting.slice(0, most);
      waiting = waiting.length <= most ? [] : waiting.slice(most);
      underWay = batch.length;
      for (let failures = 0; !(await done(batch)) && !isStopped(); failures++) {
        await setTimeout(Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS), undefined, { ref: false });
      }
      underWay = 0;
    }
    running = undefined;
  }
  return {
    add(item) {
      if (stopped) return;
      waiting.push(item);
      running ??= run();
    },
    size: () => waiting.length + underWay,
    async idle() {
      while (running) await running;
    },
    stop() {
      stopped = true;
      waiting = [];
    },
  };
}
