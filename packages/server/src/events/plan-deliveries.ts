import { deliveriesOf, fifoKeyOf, planForEvent, type Plan, type Snapshot } from "@interpose/engine";
import type { DeliveryPlan, EventDeliveries, EventToAppend } from "../store/sql/events-to-append.ts";

/** An event whose deliveries are not planned yet. */
export interface EventToPlan extends Omit<EventToAppend, "payload" | "deliveries"> {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly depth: number;
}

/** Why an event that lies too deep is delivered to nobody: targets and events call each other in a circle. */
export const TOO_DEEP = "run_too_deep";

/** Plans in the form in which they are stored. They live as long as the snapshot that they are of. */
const STORED = new WeakMap<Plan, DeliveryPlan>();

/**
 * Plans what is delivered of events, by the executions of a snapshot. Events that lie deeper than `maxRunDepth` get their deliveries as dead letters: on record,
 * and to be sent again by hand, but by themselves they go no further round.
 */
export function planDeliveries(
  events: readonly EventToPlan[],
  snapshot: Snapshot,
  maxRunDepth: number,
): readonly EventToAppend[] {
  return events.map((event) => ({
    ...event,
    payload: JSON.stringify(event.payload),
    deliveries: deliveriesOfEvent(event, planForEvent(snapshot, event.type), maxRunDepth),
  }));
}

function deliveriesOfEvent(
  event: EventToPlan,
  plan: Plan | undefined,
  maxRunDepth: number,
): EventDeliveries | undefined {
  if (!plan) return undefined;
  const fifoBy = plan.options?.fifoBy;
  return {
    plan: storedPlan(plan),
    fifoKey: fifoBy === undefined ? undefined : fifoKeyOf(fifoBy, event),
    deadBecause: event.depth >= maxRunDepth ? TOO_DEEP : undefined,
  };
}

function storedPlan(plan: Plan): DeliveryPlan {
  let stored = STORED.get(plan);
  if (!stored) {
    stored = { executionId: plan.executionId, deliveries: deliveriesOf(plan), fifoBy: plan.options?.fifoBy };
    STORED.set(plan, stored);
  }
  return stored;
}
