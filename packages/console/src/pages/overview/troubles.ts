import type { CountDeliveriesResponse } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { GetRunStatisticsResponse } from "@interpose/protocol/gen/interpose/v1/run_service_pb";

/** A target that needs somebody, and what is known of it. */
export interface Trouble {
  readonly targetId: string;
  /** Empty: what counted it does not say. */
  readonly targetName: string;
  readonly callCount: number;
  readonly failedCallCount: number;
  /** Why its last failed call failed. Empty: none did. */
  readonly lastFailure: string;
  /** Deliveries that wait for its queue, which is held. */
  readonly heldCount: number;
  readonly deadCount: number;
  readonly hasMoreHeld: boolean;
  readonly hasMoreDead: boolean;
}

/** Targets whose calls failed, whose queues are held, or that have dead letters; those with the most of that first. */
export function troublesOf(
  statistics: Pick<GetRunStatisticsResponse, "targets"> | undefined,
  deliveries: Pick<CountDeliveriesResponse, "targets"> | undefined,
): readonly Trouble[] {
  const called = new Map(statistics?.targets.map((target) => [target.targetId, target]));
  const told = new Map(deliveries?.targets.map((target) => [target.targetId, target]));
  return [...new Set([...called.keys(), ...told.keys()])]
    .map((targetId) => {
      const [calls, queue] = [called.get(targetId), told.get(targetId)];
      return {
        targetId,
        targetName: queue?.targetName ?? "",
        callCount: Number(calls?.callCount ?? 0n),
        failedCallCount: Number(calls?.failedCallCount ?? 0n),
        lastFailure: calls?.lastFailure ?? "",
        heldCount: Number(queue?.heldCount ?? 0n),
        deadCount: Number(queue?.deadCount ?? 0n),
        hasMoreHeld: queue?.hasMoreWaiting ?? false,
        hasMoreDead: queue?.hasMoreDead ?? false,
      };
    })
    .filter(({ failedCallCount, heldCount, deadCount }) => failedCallCount + heldCount + deadCount > 0)
    .sort((a, b) => weight(b) - weight(a));
}

function weight({ failedCallCount, heldCount, deadCount }: Trouble): number {
  return failedCallCount + heldCount + deadCount;
}
