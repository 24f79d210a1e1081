import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../store/database.ts";
import { notifyQueues } from "../store/sql/notify-queues.ts";
import { createBatches } from "./batches.ts";

/** Most targets of one notification: their ids fit in. */
const MOST_TARGETS = 300;
/** Longest time for telling the last. */
const LAST_MS = 1_000;

/** Tells the owners of queues, whichever processes they are, that there is something new in them. */
export interface OwnerTeller {
  /** Tells them soon, of what is committed. What they are not told of, by a crash, they find when they look by themselves. */
  tell(targetIds: readonly string[]): void;
  /** Tells those that are left, if that succeeds soon, and nobody any more. */
  stop(): Promise<void>;
}

/** Tells by notifications, in a transaction of their own, which writes nothing: it waits for no disk, and keeps no publisher waiting. */
export function createOwnerTeller(database: Database, onError: (error: unknown) => void): OwnerTeller {
  const batches = createBatches<string>(MOST_TARGETS, (targetIds) => notifyQueues(database, targetIds), onError);
  return {
    tell: (targetIds) => targetIds.forEach(batches.add),
    async stop() {
      await Promise.race([batches.idle(), delay(LAST_MS, undefined, { ref: false })]);
      batches.stop();
    },
  };
}
