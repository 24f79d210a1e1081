import { Match, type ExecutionOptions } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import type { ConditionParts } from "../../components/condition.ts";
import type { ExecutionEntry } from "../../components/use-executions.ts";

/** Options as the form has them. */
export interface DraftOptions {
  readonly runOnErrors: boolean;
  /** As it is typed: paths between commas, spaces and ends of lines. */
  readonly hiddenFields: string;
  readonly fifoBy: string;
  readonly match: Match;
  /** Ids of targets that are called as shadows. */
  readonly shadows: readonly string[];
}

/** An execution as the form has it. */
export interface Draft {
  readonly entries: readonly ExecutionEntry[];
  readonly options: DraftOptions;
}

/** What a change of options sends: the new ones, and which of them changed. */
export interface OptionsChange {
  readonly options: Pick<ExecutionOptions, "runOnErrors" | "hiddenFields" | "fifoBy" | "match" | "shadowTargets">;
  readonly paths: readonly string[];
}

/** Options that were never set. */
export const NO_OPTIONS: DraftOptions = {
  runOnErrors: false,
  hiddenFields: "",
  fifoBy: "",
  match: Match.EXACT,
  shadows: [],
};

/** Options as the form has them. */
export function draftOptions({
  runOnErrors,
  hiddenFields,
  fifoBy,
  match,
  shadowTargets,
}: ExecutionOptions): DraftOptions {
  return {
    runOnErrors: runOnErrors ?? false,
    hiddenFields: hiddenFields.join("\n"),
    fifoBy: fifoBy ?? "",
    match: match === Match.EQUIVALENT ? match : Match.EXACT,
    shadows: shadowTargets,
  };
}

/** Whether both lists call the same in the same order. */
export function sameEntries(a: readonly ExecutionEntry[], b: readonly ExecutionEntry[]): boolean {
  return a.map(entryKey).join() === b.map(entryKey).join();
}

/** What of the options changed. Some fit some conditions alone, so only those are sent. */
export function changedOptions(saved: DraftOptions, draft: DraftOptions): OptionsChange {
  const before = listOf(saved.hiddenFields);
  const hiddenFields = listOf(draft.hiddenFields);
  return {
    options: {
      runOnErrors: draft.runOnErrors,
      hiddenFields,
      fifoBy: draft.fifoBy.trim(),
      match: draft.match,
      shadowTargets: [...draft.shadows],
    },
    paths: [
      ...(saved.runOnErrors === draft.runOnErrors ? [] : ["run_on_errors"]),
      ...(before.join() === hiddenFields.join() ? [] : ["hidden_fields"]),
      ...(saved.fifoBy === draft.fifoBy.trim() ? [] : ["fifo_by"]),
      ...(saved.match === draft.match ? [] : ["match"]),
      ...(saved.shadows.join() === draft.shadows.join() ? [] : ["shadow_targets"]),
    ],
  };
}

/** One text per entry. An execution has each of them once. */
export function entryKey({ kind, id }: ExecutionEntry): string {
  return `${kind} ${id}`;
}

/** Whether a condition's name has a version in its package, so that there can be the same in another one. */
export function isVersioned({ kind, scope, name }: ConditionParts): boolean {
  if ((kind !== "request" && kind !== "response") || scope === "all") return false;
  const packageParts = (name.split("/")[0] ?? "").split(".").slice(0, -1);
  return packageParts.some((part) => /^v\d+((alpha|beta)\d*|p\d+.*|test.*)?$/.test(part));
}

function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
