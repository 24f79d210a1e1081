import type { Condition } from "./condition.ts";
import { equivalenceClass } from "./equivalence.ts";
import { faultOfFifoBy, type FifoBy } from "./delivery/fifo.ts";
import { faultOfHiddenPaths } from "./hidden-paths.ts";
import type { TargetId } from "./target.ts";

/** How an execution runs, beyond what it calls. */
export interface ExecutionOptions {
  /** Whether targets of a response are called for an error of the API too, and are shown it in place of the response. */
  readonly runOnErrors: boolean;
  /** Paths of fields that its targets neither see nor change, in the grammar of `parseHiddenPath`. */
  readonly hiddenFields: readonly string[];
  /** By what deliveries of an event's execution follow each other. Absent: by nothing, so that one that fails delays nobody. */
  readonly fifoBy?: FifoBy | undefined;
  /** `equivalent`: it is for its method or service in other versions of the package too (`equivalence.ts`). Absent: for what it names alone. */
  readonly match?: "equivalent" | undefined;
  /** Ids of targets that are called as shadows wherever they stand in the plan: beside the run, never waited for, and never applied. Absent: of none. */
  readonly shadowTargets?: readonly TargetId[] | undefined;
}

/** The options of an execution for which none were set. */
export const DEFAULT_EXECUTION_OPTIONS: ExecutionOptions = { runOnErrors: false, hiddenFields: [] };

/** A fault of an execution's options. */
export interface OptionsFault {
  readonly field: "run_on_errors" | "hidden_fields" | "fifo_by" | "match" | "shadow_targets";
  /** What is wrong, and what would be right. */
  readonly description: string;
}

/** Why an execution cannot have these options: undefined when it can. That paths match a field is for those to check who know the messages, and that shadows are called for those who know the plan. */
export function validateExecutionOptions(condition: Condition, options: ExecutionOptions): OptionsFault | undefined {
  if (options.runOnErrors && condition.kind !== "response") {
    const description = `is for executions on responses, and this one is on a ${condition.kind}. Set it to false.`;
    return { field: "run_on_errors", description };
  }
  if (options.hiddenFields.length > 0 && condition.kind !== "request" && condition.kind !== "response") {
    const description = `are of requests and responses, and this execution is on a ${condition.kind}. Leave them away.`;
    return { field: "hidden_fields", description };
  }
  if (options.fifoBy !== undefined) {
    const description =
      condition.kind === "event"
        ? faultOfFifoBy(options.fifoBy)
        : `is for executions on events, and this one is on a ${condition.kind}. Leave it away.`;
    if (description !== undefined) return { field: "fifo_by", description };
  }
  if (options.match === "equivalent") {
    const description = faultOfEquivalence(condition);
    if (description !== undefined) return { field: "match", description };
  }
  if (options.shadowTargets !== undefined && options.shadowTargets.length > 0 && condition.kind === "event") {
    const description =
      "are for executions on requests, responses and functions, and this one is on events, which nobody waits for anyway. Leave them away, and add the target to the list.";
    return { field: "shadow_targets", description };
  }
  const fault = faultOfHiddenPaths(options.hiddenFields);
  return fault === undefined ? undefined : { field: "hidden_fields", description: fault };
}

function faultOfEquivalence(condition: Condition): string | undefined {
  if (condition.kind !== "request" && condition.kind !== "response")
    return `is for executions on requests and responses, and this one is on a ${condition.kind}. Leave it away.`;
  const { kind, scope } = condition;
  if (scope.kind === "all")
    return `is for a method or a service, and this execution is on every ${kind}, of all versions. Leave it away.`;
  if (equivalenceClass(scope)) return undefined;
  return `needs a version in the package's name, such as acme.users.v1.UserService, and "${scope.service.slice(0, 80)}" has none. Leave it away.`;
}
