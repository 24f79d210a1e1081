import type { DeliveryOwners } from "../events/delivery-owners.ts";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";
import type { Claiming } from "./claiming.ts";
import type { OwnedQueue } from "./queue.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** Told of what is not simply begun. */
export interface HandingOverEvents {
  /** Nothing is expected any more of a queue that another worker shall have. */
  readonly onFreed: () => void;
  /** Something of these targets may be committed, and is to be found by those who have their queues. */
  readonly onUntold: (targetIds: readonly string[]) => void;
}

/**
 * Lets publishers of this process hand over what they publish: where there is room, a delivery is written as claimed and begins once it is committed. A claim would only read
 * what is known here, with one statement more. What is lost on the way, by a crash or an answer that never came, is claimed like any other.
 */
export function createHandingOver(
  { workerId }: WorkerContext,
  claiming: Claiming,
  { onFreed, onUntold }: HandingOverEvents,
): DeliveryOwners["reserve"] {
  function handOver(kept: ReadonlyMap<number, OwnedQueue>, committed: ReadonlyMap<number, ClaimedDelivery>): void {
    const untold: string[] = [];
    for (const [place, queue] of kept) {
      if (!claiming.handOver(queue, committed.get(place))) untold.push(queue.targetId);
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
      // Whoever publishes has the answer first.
      end: (committed) => void setImmediate(handOver, kept, committed),
    };
  };
}
