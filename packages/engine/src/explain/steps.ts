import { deliveriesOf } from "../delivery/stages.ts";
import type { Execution } from "../execution.ts";
import { walkTargets, type Plan, type PlanSources } from "../plan.ts";
import type { Target } from "../target.ts";
import { effectsInRun, effectsOfDelivery, type ExplainedEffect } from "./failure-effects.ts";

/** One target of a plan. */
export interface PlanStep {
  /** From 1. */
  readonly place: number;
  readonly target: Target;
  /** Ids of the executions by which it is included, the outermost first. Empty: the execution names it itself. */
  readonly includedBy: readonly string[];
  readonly onFailure: readonly ExplainedEffect[];
}

/** The targets that a plan calls, as `expandPlan` finds them. `isCut`: there were more than a plan may call. */
export function stepsOf(
  execution: Execution,
  plan: Plan,
  { targets, executions }: PlanSources,
): { readonly steps: readonly PlanStep[]; readonly isCut: boolean } {
  const { kind } = plan.condition;
  const gates = kind === "event" ? deliveriesOf(plan).map(({ gate }) => gate) : [];
  /** One and the same target, in the same situation, is told of once. */
  const known = new Map<string, readonly ExplainedEffect[]>();
  const effectsOf = (target: Target, place: number): readonly ExplainedEffect[] => {
    const gate = gates[place - 1];
    const key = `${target.id} ${gate ?? ""}`;
    const effects =
      known.get(key) ??
      (kind === "event"
        ? effectsOfDelivery(target, gate)
        : effectsInRun(target, kind === "function" ? "function" : "message"));
    known.set(key, effects);
    return effects;
  };
  const steps: PlanStep[] = [];
  const { isCut } = walkTargets(execution, executions, (id, includedBy) => {
    const target = targets.get(id);
    if (!target) return false;
    const place = steps.length + 1;
    steps.push({ place, target, includedBy, onFailure: effectsOf(target, place) });
    return true;
  });
  return { steps, isCut };
}
