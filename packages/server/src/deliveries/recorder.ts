import { InterposeError } from "@interpose/engine";
import { finishAttempts, type EndedAttempt } from "../store/sql/finish-attempts.ts";
import { giveBackDeliveries } from "../store/sql/give-back-deliveries.ts";
import { updateQueues } from "../store/sql/update-queues.ts";
import { createBatches, type Batches, type Gathering } from "./batches.ts";
import type { Publishing } from "./giving-way.ts";
import type { HeldDelivery, OwnedQueue } from "./queue.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** Most results that are written at once. */
const MOST_AT_ONCE = 500;
/**
 * One of a large batch takes PostgreSQL a third of the time of one of a small one, and each batch is one more that publishers wait for on the disk. So results wait for others as soon as two came
 * together; what comes alone waits for nothing.
 */
const GATHERING: Omit<Gathering<Result>, "mustWait"> = {
  many: 2,
  enough: 128,
  limitMs: 50,
  isUrgent: (result) => result.kind !== "ended" || result.delivery.fifoKey !== null || result.attempt.gate !== null,
};

/** What became of a delivery that was claimed, and is to be written. */
export type Result =
  | {
      readonly kind: "ended";
      readonly queue: OwnedQueue;
      readonly delivery: HeldDelivery;
      readonly attempt: EndedAttempt;
    }
  | { readonly kind: "unsent"; readonly queue: OwnedQueue; readonly delivery: HeldDelivery }
  /** The queue itself has changed. */
  | { readonly kind: "queue"; readonly queue: OwnedQueue };

/** Told of what was written. */
export interface RecorderEvents {
  /** These are held no longer. */
  readonly onWritten: (results: readonly Result[]) => void;
  /** Others of the same events may begin. */
  readonly onReleased: (targetIds: readonly string[]) => void;
}

/**
 * Writes results in batches, each in one transaction: attempts, deliveries, what waited for them, and queues. What cannot be written is kept and tried again, for as
 * long as it takes: claims of a worker that lost its queues meanwhile are no longer its own, and change nothing.
 */
export function createRecorder(
  context: WorkerContext,
  publishing: Publishing,
  events: RecorderEvents,
): Batches<Result> {
  const { database, workerId, instanceId, onError } = context;

  async function write(results: readonly Result[]): Promise<void> {
    const ended = results.flatMap((result) => (result.kind === "ended" ? [result.attempt] : []));
    const unsent = results.flatMap((result) => (result.kind === "unsent" ? [result.delivery.id] : []));
    const queues = [...new Set(results.flatMap((result) => (result.kind === "queue" ? [result.queue] : [])))];
    if (unsent.length > 0) await giveBackDeliveries(database, workerId, unsent);
    const released =
      queues.length > 0
        ? await writeWithQueues(ended, queues)
        : ended.length > 0
          ? await finishAttempts(database, workerId, instanceId, ended)
          : [];
    events.onWritten(results);
    if (released.length > 0) events.onReleased(released);
  }

  async function writeWithQueues(
    ended: readonly EndedAttempt[],
    queues: readonly OwnedQueue[],
  ): Promise<readonly string[]> {
    const counts = queues.map(({ unwritten }) => unwritten);
    const changes = queues.map((queue) => queue.change(performance.now()));
    const { released, marks } = await database.transaction(async (tx) => ({
      released: ended.length > 0 ? await finishAttempts(tx, workerId, instanceId, ended) : [],
      marks: await updateQueues(tx, workerId, instanceId, changes),
    }));
    const markOf = new Map(marks.map(({ targetId, mark }) => [targetId, mark]));
    queues.forEach((queue, i) => queue.written(markOf.get(queue.targetId), counts[i] ?? 0));
    return released;
  }

  /** A result that the database refuses must not keep the others from being written. */
  async function writeOrDivide(results: readonly Result[]): Promise<void> {
    try {
      await write(results);
    } catch (error) {
      const isAway = error instanceof InterposeError && error.reason === "store_unavailable";
      if (isAway || results.length === 1) throw error;
      onError("writing what deliveries came to", error);
      const half = results.length >> 1;
      await writeOrDivide(results.slice(0, half));
      await writeOrDivide(results.slice(half));
    }
  }
  const way = publishing.giveWay(() => batches.go());
  const batches = createBatches(
    MOST_AT_ONCE,
    writeOrDivide,
    (error) => onError("writing what deliveries came to", error),
    { ...GATHERING, mustWait: way.mustWait },
  );
  return batches;
}
