import { OWN_AGGREGATE_TYPES } from "../events/own-events.ts";
import type { Log } from "../observe/log.ts";
import type { Database } from "../store/database.ts";
import { daysAgo } from "../store/sql/days-ago.ts";
import { estimateDeliveries } from "../store/sql/estimate-deliveries.ts";
import { pruneDeliveries, type PruneCursor, type PruneOrder } from "../store/sql/prune-deliveries.ts";
import { pruneEvents } from "../store/sql/prune-events.ts";
import { selectOldEvents } from "../store/sql/select-old-events.ts";
import { tryPruneLock } from "../store/sql/try-prune-lock.ts";
import { startSweeping, type Sweeping } from "../sweeping.ts";
import { waited } from "../waited.ts";

/** How long the record is kept. 0: without a limit. */
export interface RetentionSettings {
  /** Days after its end that a delivery is kept, and that an event is which nobody is to be told of. */
  readonly days: number;
  /** Days after its end that a dead letter is kept. */
  readonly deadDays: number;
  /** About how many deliveries are kept; of those that are over, the ones that ended first go first. */
  readonly maxDeliveries: number;
}

/** What keeps the record in its bounds, and how fast. */
export interface RetentionParts {
  readonly database: Database;
  readonly instanceId: string;
  readonly log: Log;
  /** Between two sweeps. Default: a minute. */
  readonly everyMs?: number;
  /** After each batch, so that others have the database to themselves in between. Default: 50 ms. */
  readonly pauseMs?: number;
  /** Deliveries or events of a batch, which is a transaction. Default: 1,000. */
  readonly batch?: number;
}

/** What was deleted. */
export interface Pruned {
  deliveries: number;
  events: number;
}

/** A walk is told of after so many batches, should it be a long one. */
const BATCHES_PER_REPORT = 100;

/** Prunes again and again. */
export function startRetention(parts: RetentionParts, settings: RetentionSettings): Sweeping {
  return startSweeping({
    everyMs: parts.everyMs ?? 60_000,
    createSweep: (stopping) => createSweep(parts, settings, stopping),
    onError: (error) => parts.log("record.prune_failed", { error }),
  });
}

/**
 * Makes a sweep: it deletes what is too old, then what is too much, batch by batch. Only one server prunes at a time; a sweep ends where another one is at it.
 * What a sweep has walked through is not walked through again by the next.
 */
export function createSweep(
  { database, instanceId, log, pauseMs = 50, batch = 1_000 }: RetentionParts,
  { days, deadDays, maxDeliveries }: RetentionSettings,
  stopping: AbortSignal,
): () => Promise<Pruned> {
  /** How far the walks by age have come. */
  const reached: { "not dead"?: PruneCursor; dead?: PruneCursor } = {};
  let eventsReached = 0n;

  return async () => {
    const pruned: Pruned = { deliveries: 0, events: 0 };
    let batches = 0;
    const report = (): void => {
      if (pruned.deliveries + pruned.events > 0) log("record.pruned", { ...pruned });
    };
    /** Runs batches until one answers that it was the last, or somebody else prunes. False: it did not come to its end. */
    const walk = async (prune: (tx: Parameters<typeof tryPruneLock>[0]) => Promise<boolean>): Promise<boolean> => {
      for (;;) {
        const outcome = await database.transaction(async (tx) => ((await tryPruneLock(tx)) ? prune(tx) : undefined));
        if (outcome !== true) return outcome === false;
        if (++batches % BATCHES_PER_REPORT === 0) report();
        if (!(await waited(pauseMs, stopping))) return false;
      }
    };
    const events = await daysAgo(database, days);

    async function deliveries(order: Omit<PruneOrder, "limit">, most = Infinity): Promise<PruneCursor | undefined> {
      let after = order.after;
      let left = most;
      const isThrough = await walk(async (tx) => {
        const limit = Math.min(batch, left);
        const { count, eventPositions, last } = await pruneDeliveries(tx, instanceId, { ...order, after, limit });
        // Without a limit in days events go only with the last delivery that tells of them.
        const before = days > 0 ? events : "infinity";
        pruned.events += await pruneEvents(tx, instanceId, eventPositions, { before, ownTypes: OWN_AGGREGATE_TYPES });
        pruned.deliveries += count;
        left -= count;
        after = last ?? after;
        return count === limit && left > 0;
      });
      return isThrough && order.endedBefore !== undefined ? { endedAt: order.endedBefore, id: 0n } : after;
    }

    for (const [kind, age] of [
      ["not dead", days],
      ["dead", deadDays],
    ] as const) {
      if (age === 0) continue;
      const endedBefore = await daysAgo(database, age);
      const come = await deliveries({ kind, endedBefore, after: reached[kind] });
      if (come) reached[kind] = come;
    }
    if (days > 0) {
      await walk(async (tx) => {
        const positions = await selectOldEvents(tx, { after: eventsReached, before: events, limit: batch });
        pruned.events += await pruneEvents(tx, instanceId, positions, {
          before: events,
          ownTypes: OWN_AGGREGATE_TYPES,
        });
        eventsReached = positions.at(-1) ?? eventsReached;
        return positions.length === batch;
      });
    }
    const tooMany = maxDeliveries > 0 ? (await estimateDeliveries(database)) - maxDeliveries : 0;
    if (tooMany > 0) await deliveries({ kind: "any" }, Math.ceil(tooMany));
    report();
    return pruned;
  };
}
