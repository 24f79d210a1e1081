import type { PlannedDelivery } from "@interpose/engine";
import type { AppendedWithClaims, EventToAppend } from "../store/sql/events-to-append.ts";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";

/**
 * Deliveries that may be handed over to the worker of this process: those of an event that comes alone, which wait for nothing. Of many at once, one claim for all costs less;
 * those with a key wait behind others, of which only the store knows.
 */
export function handedOver(events: readonly EventToAppend[]): readonly PlannedDelivery[] {
  const deliveries = events.length === 1 ? events[0]?.deliveries : undefined;
  if (!deliveries || deliveries.fifoKey !== undefined || deliveries.deadBecause !== undefined) return [];
  return deliveries.plan.deliveries.filter(({ stage }) => stage === 0);
}

/** The deliveries of an event that were written as claimed, by their places, as a claim would have answered them. */
export function claimedDeliveries(
  event: EventToAppend,
  { sequence, createdAt, claimed }: AppendedWithClaims,
): ReadonlyMap<number, ClaimedDelivery> {
  const found = new Map<number, ClaimedDelivery>();
  if (!claimed || !event.deliveries) return found;
  const { executionId, deliveries } = event.deliveries.plan;
  const { type: eventType, aggregateType, aggregateId, creator } = event;
  const { resourceOwner = null, version = "v1", depth = 0 } = event;
  const whose = { eventType, aggregateType, aggregateId, creator, resourceOwner };
  const ofEvent = {
    ...whose,
    sequence,
    version,
    depth,
    createdAt,
    dueAt: createdAt.getTime(),
    payload: claimed.payload,
  };
  for (const { place, targetId, gate = null } of deliveries) {
    const id = claimed.ids.get(place);
    if (id === undefined) continue;
    found.set(place, { ...ofEvent, id, targetId, executionId, gate, fifoKey: null, attempts: 0, failures: 0 });
  }
  return found;
}
