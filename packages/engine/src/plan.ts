import { conditionId, type Condition } from "./condition.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import type { Execution } from "./execution.ts";
import type { Target } from "./target.ts";

/** What a condition resolves to, includes expanded: the targets that will be called, in order. */
export interface Plan {
  /** Id of the execution that was matched. */
  readonly executionId: string;
  readonly condition: Condition;
  readonly targets: readonly Target[];
  /** Options of the matched execution; those of what it includes do not count. Absent: as `DEFAULT_EXECUTION_OPTIONS`. */
  readonly options?: ExecutionOptions | undefined;
}

/**
 * Most targets that one plan may call. Includes can double a list at each level, so a few small executions could make a plan of
 * millions; what stands behind this place is left out. No sensible execution comes near it.
 */
export const MAX_PLAN_TARGETS = 1_000;

/** Where a plan finds what its execution names. */
export interface PlanSources {
  readonly targets: ReadonlyMap<string, Target>;
  /** Executions by id. */
  readonly executions: ReadonlyMap<string, Execution>;
}

/** The plan of an execution, includes expanded. */
export function expandPlan(execution: Execution, { targets, executions }: PlanSources): Plan {
  const { condition, options } = execution;
  return {
    executionId: conditionId(condition),
    condition,
    targets: expandTargets(execution, executions, (id) => targets.get(id)),
    ...(options && { options }),
  };
}

/**
 * Expands an execution: each include is replaced, in its place, by what it stands for. What is not there stands for nothing, a
 * target that is reached twice is called twice, and an include that leads back to itself ends there.
 */
export function expandTargets<T>(
  execution: Execution,
  executions: PlanSources["executions"],
  targetOf: (id: string) => T | undefined,
): readonly T[] {
  const found: T[] = [];
  const path = new Set<string>([conditionId(execution.condition)]);

  function expand(current: Execution): void {
    for (const entry of current.entries) {
      if (found.length >= MAX_PLAN_TARGETS) return;
      if ("target" in entry) {
        const target = targetOf(entry.target);
        if (target !== undefined) found.push(target);
        continue;
      }
      const id = conditionId(entry.include);
      const included = executions.get(id);
      if (!included || path.has(id)) continue;
      path.add(id);
      expand(included);
      path.delete(id);
    }
  }

  expand(execution);
  return found;
}
