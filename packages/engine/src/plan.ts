import { conditionId, type Condition } from "./condition.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import type { Execution } from "./execution.ts";
import type { Target, TargetId } from "./target.ts";

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
  walkTargets(execution, executions, (id) => {
    const target = targetOf(id);
    if (target !== undefined) found.push(target);
    return target !== undefined;
  });
  return found;
}

/**
 * Comes to each target of an execution in the order of the calls, with the ids of the executions by which it is included, the outermost first; none where the execution names it itself.
 * `visit` answers whether it is there, and so counts. `isCut`: there was more, behind the last one that a plan may call.
 */
export function walkTargets(
  execution: Execution,
  executions: PlanSources["executions"],
  visit: (targetId: TargetId, includedBy: readonly string[]) => boolean,
): { readonly isCut: boolean } {
  const own = conditionId(execution.condition);
  let count = 0;
  let isCut = false;

  function walk(current: Execution, path: readonly string[]): void {
    for (const entry of current.entries) {
      if (count >= MAX_PLAN_TARGETS) {
        isCut = true;
        return;
      }
      if ("target" in entry) {
        if (visit(entry.target, path)) count++;
        continue;
      }
      const id = conditionId(entry.include);
      const included = executions.get(id);
      if (included && id !== own && !path.includes(id)) walk(included, [...path, id]);
    }
  }

  walk(execution, []);
  return { isCut };
}
