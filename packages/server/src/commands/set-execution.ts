import {
  checkAllIncludes,
  conditionId,
  InterposeError,
  type Condition,
  type Execution,
  type ExecutionEntry,
} from "@interpose/engine";
import type { Details } from "../store/records.ts";
import type { Transaction } from "../store/database.ts";
import { selectExecution } from "../store/sql/select-execution.ts";
import { selectExistingExecutionIds } from "../store/sql/select-existing-execution-ids.ts";
import { selectExistingTargetIds } from "../store/sql/select-existing-target-ids.ts";
import { selectIncludeGraph } from "../store/sql/select-include-graph.ts";
import { upsertExecution } from "../store/sql/upsert-execution.ts";
import { appendOne, write, type CommandContext, type Write } from "./context.ts";

/**
 * Sets what a condition calls, in place of what was set for it before. The same list again adds no event and answers the old details.
 * That the condition names something that exists is for the API to check, which knows the methods, functions and events.
 * Throws `no_targets`, `duplicate_target`, `duplicate_include`, `target_not_found`, `include_not_found`, `include_circular` or `include_too_deep`.
 */
export async function setExecution(
  context: CommandContext,
  condition: Condition,
  entries: readonly ExecutionEntry[],
): Promise<Details> {
  const [details] = await setExecutions(context, [{ condition, entries }]);
  if (!details) throw new Error("an execution was set without an answer");
  return details;
}

/**
 * Sets several executions at once, each as `setExecution()` does, and answers the details of each. They may include one another, in whatever order they stand; where they lead
 * together is what is checked.
 */
export async function setExecutions(context: CommandContext, lists: readonly Execution[]): Promise<readonly Details[]> {
  for (const { entries } of lists) {
    refuseEmpty(entries);
    refuseDuplicates(entries);
  }
  return write(context, async (command) => {
    const ids = new Set(lists.map(({ condition }) => conditionId(condition)));
    for (const { entries } of lists) await refuseMissing(command.tx, context.instanceId, entries, ids);
    checkAllIncludes(await selectIncludeGraph(command.tx, context.instanceId), lists);
    const answers: Details[] = [];
    for (const list of lists) answers.push(await store(command, context.instanceId, list));
    return answers;
  });
}

async function store(command: Write, instanceId: string, { condition, entries }: Execution): Promise<Details> {
  const id = conditionId(condition);
  const stored = await selectExecution(command.tx, instanceId, id);
  if (stored && sameEntries(stored.entries, entries)) return stored.details;
  const payload = {
    entries: entries.map((entry) => ("target" in entry ? entry : { include: conditionId(entry.include) })),
  };
  const details = await appendOne(command, {
    aggregateType: "execution",
    aggregateId: id,
    type: "execution.set",
    payload,
  });
  await upsertExecution(command.tx, instanceId, { condition, entries }, details);
  return details;
}

function refuseEmpty(entries: readonly ExecutionEntry[]): void {
  if (entries.length > 0) return;
  const description = "The list of targets is empty. Name at least one target or include, or delete the execution.";
  throw new InterposeError("no_targets", description, {
    id: "COMMAND-56bteot2uj",
    key: "Errors.Execution.NoTargets",
    violations: [{ field: "targets", description }],
  });
}

/** One text per entry; two entries are the same when their texts are. */
function entryKey(entry: ExecutionEntry): string {
  return "target" in entry ? `target ${entry.target}` : `include ${conditionId(entry.include)}`;
}

function sameEntries(a: readonly ExecutionEntry[], b: readonly ExecutionEntry[]): boolean {
  const keys = b.map(entryKey);
  return a.length === b.length && a.every((entry, i) => entryKey(entry) === keys[i]);
}

function refuseDuplicates(entries: readonly ExecutionEntry[]): void {
  const firstAt = new Map<string, number>();
  for (const [i, entry] of entries.entries()) {
    const key = entryKey(entry);
    const first = firstAt.get(key);
    if (first !== undefined) {
      const description = `targets[${i}] names ${quoted(entry)} again, which is already targets[${first}]. Name it once.`;
      throw new InterposeError("target" in entry ? "duplicate_target" : "duplicate_include", description, {
        violations: [{ field: `targets[${i}]`, description }],
      });
    }
    firstAt.set(key, i);
  }
}

function quoted(entry: ExecutionEntry): string {
  return "target" in entry ? `target "${entry.target}"` : `include "${conditionId(entry.include)}"`;
}

/** Refuses entries that name what is neither stored nor set at the same time, and says where in the list the first of them stands. */
async function refuseMissing(
  tx: Transaction,
  instanceId: string,
  entries: readonly ExecutionEntry[],
  setTogether: ReadonlySet<string>,
): Promise<void> {
  const targets = new Set(
    await selectExistingTargetIds(
      tx,
      instanceId,
      entries.flatMap((entry) => ("target" in entry ? [entry.target] : [])),
    ),
  );
  const includes = new Set(
    await selectExistingExecutionIds(
      tx,
      instanceId,
      entries.flatMap((entry) => ("include" in entry ? [conditionId(entry.include)] : [])),
    ),
  );
  for (const [i, entry] of entries.entries()) {
    if ("target" in entry && !targets.has(entry.target)) {
      throw missing("target_not_found", i, entry, "Create it first", "COMMAND-17e8fq1ggk", "Errors.Target.NotFound");
    }
  }
  for (const [i, entry] of entries.entries()) {
    if (
      "include" in entry &&
      !includes.has(conditionId(entry.include)) &&
      !setTogether.has(conditionId(entry.include))
    ) {
      throw missing(
        "include_not_found",
        i,
        entry,
        "Set it first",
        "COMMAND-slgj0l4cdz",
        "Errors.Execution.IncludeNotFound",
      );
    }
  }
}

function missing(
  reason: "target_not_found" | "include_not_found",
  at: number,
  entry: ExecutionEntry,
  remedy: string,
  id: string,
  key: string,
): InterposeError {
  const what = "target" in entry ? quoted(entry) : `execution "${conditionId(entry.include)}" to include`;
  const description = `targets[${at}]: there is no ${what}. ${remedy}, or take it out of the list.`;
  return new InterposeError(reason, description, { id, key, violations: [{ field: `targets[${at}]`, description }] });
}
