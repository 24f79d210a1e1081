import type { DeliveryOwners } from "../events/delivery-owners.ts";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";
import type { Claiming } from "./claiming.ts";
import type { Publishing } from "./giving-way.ts";
import type { OwnedQueue } from "./queue.ts";
import type { WorkerContext } from "./worker-parts.ts";

/**
 * So long what was committed waits for publishes that are still under way in this process, in milliseconds: their publishers wait for an answer, and an attempt has its event loop
 * for as long as a publish has. `docs/decisions/0042-what-a-publisher-waits-for.md` has the numbers.
 */
const OTHERS_MS = 3;

/** Told of what is not simply begun. */
export interface HandingOverEvents {
  /** Nothing is expected any more of a queue that another worker shall have. */
  readonly onFreed: () => void;
  /** Something of these targets may be committed, and is to be found by those who have their queues. */
  readonly onUntold: (targetIds: readonly string[]) => void;
}

/** A room that was kept in a queue, and what was committed for it, if anything is known to be. */
interface KeptRoom {
  readonly queue: OwnedQueue;
  readonly committed: ClaimedDelivery | undefined;
}

/**
 * Lets publishers of this process hand over what they publish: where there is room, a delivery is written as claimed and begins once that is committed. A claim would only read
 * what is known here, with one statement more. It begins at once where no other publish is under way, and soon where there is. What is lost on the way, by a crash or an answer that never came,
 * is claimed like any other.
 */
export function createHandingOver(
  { workerId }: Pick<WorkerContext, "workerId">,
  claiming: Pick<Claiming, "reserve" | "handOver">,
  publishing: Pick<Publishing, "count">,
  { onFreed, onUntold }: HandingOverEvents,
): DeliveryOwners["reserve"] {
  const waiting: KeptRoom[] = [];
  let timer: NodeJS.Timeout | undefined;

  function handOverSoon(): void {
    if (publishing.count() <= waiting.length) handOverAll();
    else timer ??= setTimeout(handOverAll, OTHERS_MS);
  }

  function handOverAll(): void {
    clearTimeout(timer);
    timer = undefined;
    const untold: string[] = [];
    for (const { queue, committed } of waiting.splice(0)) {
      if (!claiming.handOver(queue, committed)) untold.push(queue.targetId);
      if (queue.isLeaving) onFreed();
    }
    if (untold.length > 0) onUntold(untold);
  }

  return (deliveries) => {
    const kept = new Map<number, OwnedQueue>();
    for (const { place, targetId } of deliveries) {
      const queue = claiming.reserve(targetId);
      if (queue) kept.set(place, queue);
    }
    if (kept.size === 0) return undefined;
    return {
      workerId,
      places: new Set(kept.keys()),
      end(committed) {
        for (const [place, queue] of kept) waiting.push({ queue, committed: committed.get(place) });
        // Whoever publishes has the answer first.
        setImmediate(handOverSoon);
      },
    };
  };
}
