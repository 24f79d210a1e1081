import { setTimeout as delay } from "node:timers/promises";
import { createPause } from "./pause.ts";

/** How long a batch that failed waits before it is tried again: at first, and at most. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** How work may wait for more of it, and for others. */
export interface Gathering<T> {
  /** As long as batches are smaller than this, the next begins at once. */
  readonly many: number;
  /** It begins once there are as many. */
  readonly enough: number;
  /** It begins so long after the one before, at the latest. In milliseconds. */
  readonly limitMs: number;
  /** Whether something waits for it, so that it must not. */
  readonly isUrgent: (item: T) => boolean;
  /** Whether it has to wait for something else. Once it has not, `go()` is to be called. */
  readonly mustWait: () => boolean;
}

/** Work that is done in batches, one after the other. */
export interface Batches<T> {
  add(item: T): void;
  /** Makes a batch go that had to wait. */
  go(): void;
  /** How many were added whose batch has not ended. */
  size(): number;
  /** Waits until there is nothing left to do. */
  idle(): Promise<void>;
  /** Begins no batch any more, and lets go of what is left. */
  stop(): void;
}

/**
 * Does work in batches: the first item begins a batch at once, and what comes while it is under way makes the next. Where much comes, the next one
 * may be told to wait for more (`gathering`); else none ever waits to fill. A batch that fails is done again, as `onError` is told.
 */
export function createBatches<T>(
  most: number,
  work: (items: readonly T[]) => Promise<void>,
  onError: (error: unknown) => void,
  gathering?: Gathering<T>,
): Batches<T> {
  let waiting: T[] = [];
  let underWay = 0;
  let running: Promise<void> | undefined;
  let stopped = false;
  const pause = createPause();
  const way = createPause();
  /** Of the batch before. */
  let lastSize = 0;
  let lastEnd = 0;

  async function gather({ many, enough, limitMs, isUrgent }: Gathering<T>): Promise<void> {
    const rest = lastEnd + limitMs - performance.now();
    if (lastSize < many || rest <= 0 || waiting.length >= enough || waiting.some(isUrgent)) return;
    await pause.wait(rest);
  }
  async function giveWay({ mustWait, isUrgent }: Gathering<T>): Promise<void> {
    while (!stopped && !waiting.some(isUrgent) && mustWait()) await way.wait();
  }
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
      if (gathering) {
        await gather(gathering);
        await giveWay(gathering);
      }
      if (stopped) break;
      const batch = waiting.length <= most ? waiting : waiting.slice(0, most);
      waiting = waiting.length <= most ? [] : waiting.slice(most);
      underWay = batch.length;
      for (let failures = 0; !(await done(batch)) && !isStopped(); failures++) {
        await delay(Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS), undefined, { ref: false });
      }
      underWay = 0;
      [lastSize, lastEnd] = [batch.length, performance.now()];
    }
    running = undefined;
  }
  return {
    add(item) {
      if (stopped) return;
      waiting.push(item);
      const isUrgent = gathering?.isUrgent(item) === true;
      if (gathering && (isUrgent || waiting.length >= gathering.enough)) pause.end();
      if (isUrgent) way.end();
      running ??= run();
    },
    go: way.end,
    size: () => waiting.length + underWay,
    async idle() {
      while (running) await running;
    },
    stop() {
      stopped = true;
      waiting = [];
      pause.end();
      way.end();
    },
  };
}
