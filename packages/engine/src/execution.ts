import type { Condition } from "./condition.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import type { TargetId } from "./target.ts";

/** One entry in an execution's list: a target, or the condition of another execution whose targets stand in for it. */
export type ExecutionEntry = { readonly target: TargetId } | { readonly include: Condition };

/** One condition and what it calls, in the order in which it is called. */
export interface Execution {
  readonly condition: Condition;
  readonly entries: readonly ExecutionEntry[];
  /** Absent: as `DEFAULT_EXECUTION_OPTIONS`. */
  readonly options?: ExecutionOptions | undefined;
}
