import type { Plan } from "../plan.ts";
import type { TargetId } from "../target.ts";

/** What opens a stage's gate, so that the next stage begins: that its target was told, or that it was tried once. */
export type Gate = "success" | "attempt";

/** One target of an event's plan, and when its turn is. */
export interface PlannedDelivery {
  readonly targetId: TargetId;
  /** Within the plan, from 0. */
  readonly place: number;
  /** Targets of one stage are told at once, those of the first stage (0) at once with the event. */
  readonly stage: number;
  /** Undefined: nobody waits for this target. */
  readonly gate: Gate | undefined;
}

/**
 * The order in which an event's targets are told: as in a run, each waits for the one before it, and none for one that is `async`. Where a target interrupts,
 * later ones wait until it was told, however long it takes, and end with it; where it does not, they wait for its first attempt alone.
 */
export function deliveriesOf({ targets }: Plan): readonly PlannedDelivery[] {
  const last = targets.length - 1;
  let stage = 0;
  return targets.map((target, place) => {
    const isGate = target.type !== "async" && place < last;
    const gate = target.interruptOnError ? ("success" as const) : ("attempt" as const);
    return {
      targetId: target.id,
      place,
      stage: target.type === "async" ? stage : stage++,
      gate: isGate ? gate : undefined,
    };
  });
}
