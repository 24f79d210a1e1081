import {
  conditionId,
  executionsById,
  expandTargets,
  InterposeError,
  validateExecutionOptions,
  type Condition,
  type ExecutionOptions,
  type OptionsFault,
} from "@interpose/engine";
import type { Transaction } from "../store/database.ts";
import type { StoredExecution } from "../store/records.ts";
import { selectExecution } from "../store/sql/select-execution.ts";
import { selectIncludedExecutions } from "../store/sql/select-included-executions.ts";
import { selectTargetNames } from "../store/sql/select-target-names.ts";
import { updateExecutionOptions as updateExecutionOptionsRow } from "../store/sql/update-execution-options.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/** What changes of an execution's options. What is undefined stays as it is; `fifoBy` is taken away by an empty text, and `match` by `exact`. */
export type ExecutionOptionsChanges = {
  readonly [O in Exclude<keyof ExecutionOptions, "match">]?: ExecutionOptions[O] | undefined;
} & { readonly match?: "exact" | "equivalent" | undefined };

/**
 * Changes how an execution runs, and answers all its options. They stay when its list is set again, and go with it. When nothing would change, no event is added.
 * That paths match a field is for the API to check, which knows the messages. Throws `execution_not_found` or `options_invalid`.
 */
export async function updateExecutionOptions(
  context: CommandContext,
  condition: Condition,
  changes: ExecutionOptionsChanges,
): Promise<ExecutionOptions> {
  const id = conditionId(condition);
  return write(context, async (command) => {
    const stored = await selectExecution(command.tx, context.instanceId, id);
    if (!stored) throw noExecutionWithOptions(id);
    const { runOnErrors, hiddenFields, fifoBy, match, shadowTargets = [] } = stored.options;
    const newFifoBy = changes.fifoBy === "" ? undefined : (changes.fifoBy ?? fifoBy);
    const newMatch = changes.match === "exact" ? undefined : (changes.match ?? match);
    const newShadows = changes.shadowTargets ? [...new Set(changes.shadowTargets)] : shadowTargets;
    const options: ExecutionOptions = {
      runOnErrors: changes.runOnErrors ?? runOnErrors,
      hiddenFields: changes.hiddenFields ? [...new Set(changes.hiddenFields)] : hiddenFields,
      ...(newFifoBy !== undefined && { fifoBy: newFifoBy }),
      ...(newMatch !== undefined && { match: newMatch }),
      ...(newShadows.length > 0 && { shadowTargets: newShadows }),
    };
    const fault = validateExecutionOptions(condition, options);
    if (fault) throw optionsInvalid(fault.field, fault.description);
    await refuseUncalled(
      command.tx,
      context.instanceId,
      stored,
      newShadows.filter((target) => !shadowTargets.includes(target)),
    );
    const changed = {
      ...(options.runOnErrors !== runOnErrors && { runOnErrors: options.runOnErrors }),
      ...(!isSameList(options.hiddenFields, hiddenFields) && { hiddenFields: options.hiddenFields }),
      ...(newFifoBy !== fifoBy && { fifoBy: newFifoBy ?? null }),
      ...(newMatch !== match && { match: newMatch ?? null }),
      ...(!isSameList(newShadows, shadowTargets) && { shadowTargets: newShadows }),
    };
    if (Object.keys(changed).length === 0) return options;
    const details = await appendOne(command, {
      aggregateType: "execution",
      aggregateId: id,
      type: "execution.options_changed",
      payload: changed,
    });
    await updateExecutionOptionsRow(command.tx, context.instanceId, id, options, details);
    return options;
  });
}

/** Most targets that a refusal names. */
const MOST_NAMED = 20;

/** Refuses a shadow that the execution does not call. One that was set before stays, without effect, when lists and includes change. */
async function refuseUncalled(
  tx: Transaction,
  instanceId: string,
  execution: StoredExecution,
  shadows: readonly string[],
): Promise<void> {
  if (shadows.length === 0) return;
  const included = await selectIncludedExecutions(tx, instanceId, [execution.id]);
  const called = new Set(expandTargets(execution, executionsById(included), (id) => id));
  const uncalled = shadows.find((target) => !called.has(target));
  if (uncalled === undefined) return;
  const shown = [...called].slice(0, MOST_NAMED);
  const names = await selectTargetNames(tx, instanceId, [uncalled, ...shown]);
  // Who sets shadows by a document knows targets by their names alone.
  const inWords = (id: string): string => (names.has(id) ? `${id} ("${names.get(id)}")` : `"${id.slice(0, 80)}"`);
  const more = called.size > MOST_NAMED ? ` and ${called.size - MOST_NAMED} more` : "";
  throw optionsInvalid(
    "shadow_targets",
    `name ${inWords(uncalled)}, which ${execution.id} does not call: it calls ${shown.map(inWords).join(", ")}${more}. Put the target into its list first, behind the one that it shall be compared with.`,
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, i) => path === b[i]);
}

/** The refusal of options for an execution that is not there. */
export function noExecutionWithOptions(id: string): InterposeError {
  return new InterposeError(
    "execution_not_found",
    `There is no execution for "${id}", and so it has no options. Set it first; list the executions to see what is set.`,
  );
}

/** The refusal of options that an execution cannot have. */
export function optionsInvalid(field: OptionsFault["field"], description: string): InterposeError {
  const path = `options.${field}`;
  return new InterposeError("options_invalid", `${path} ${description}`, {
    violations: [{ field: path, description }],
  });
}
