import { toJson } from "@bufbuild/protobuf";
import { timestampDate, ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import {
  CallEffect,
  RunOutcome,
  RunSide,
  type Difference,
  type GetRunResponse,
  type Run,
  type RunCall,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { printable, styled } from "./output.ts";

/** Headings of a list of runs. */
export const RUN_HEADINGS = ["ID", "BEGAN", "FOR", "OUTCOME", "CALLS", "TOOK"] as const;

/** A run as a line of a list. */
export function runCells(run: Run): readonly string[] {
  const { id, beginTime, callCount, failedCallCount, durationMs } = run;
  const failed = failedCallCount > 0 ? `${callCount}, ${failedCallCount} failed` : String(callCount);
  return [
    id,
    beginTime ? timestampDate(beginTime).toISOString() : "",
    subjectOf(run),
    outcomeOf(run),
    failed,
    ms(durationMs),
  ];
}

/** A run for people: what it was, a bar for each call, and what changed. */
export function runText({ run, calls, differences }: GetRunResponse): string {
  if (!run) return "";
  const { id, beginTime, host, caller, depth, executionId, error, durationMs } = run;
  const by = caller?.userId ? `, by ${printable(caller.userId)}` : "";
  const began = beginTime ? timestampDate(beginTime).toISOString() : "";
  const head = [
    styled("bold", `Run ${id}: ${subjectOf(run)}`),
    `  began       ${began} at ${host}${by}, took ${ms(durationMs)}`,
    `  execution   ${printable(executionId)}`,
    ...(depth > 1 ? [`  depth       ${depth}: a target's own call led to it`] : []),
    `  outcome     ${outcomeOf(run)}${error ? `: ${error.reason} (${error.code})` : ""}`,
    ...(error ? [`              ${printable(error.text)}`] : []),
  ];
  const made =
    differences.length === 0 ? [] : ["", styled("bold", "What came of it"), ...differences.map(differenceLine)];
  return [...head, "", ...waterfall(calls, durationMs), ...made].join("\n");
}

/** Characters of the longest bar. */
const WIDTH = 32;

/** Each call as a bar from when it began to its end, with what came of it beneath. */
function waterfall(calls: readonly RunCall[], runMs: number): readonly string[] {
  if (calls.length === 0) return ["No target was called."];
  const wholeMs = Math.max(
    runMs,
    ...calls.map(({ beginMs, durationMs = 0 }) => beginMs + durationMs),
    Number.MIN_VALUE,
  );
  const names = calls.map(({ targetName, targetId }) => printable(targetName === "" ? targetId : targetName));
  const widest = Math.min(30, Math.max(...names.map((name) => Array.from(name).length)));
  return calls.flatMap((call, i) => {
    const name = Array.from(names[i] ?? "")
      .slice(0, widest)
      .join("");
    const cells = [
      String(call.place).padStart(3),
      name + " ".repeat(widest - Array.from(name).length),
      bar(call, wholeMs),
    ];
    const took = call.durationMs === undefined ? "" : ms(call.durationMs);
    const line = `${cells.join("  ")}  ${took.padStart(9)}  ${String(call.status ?? "").padEnd(3)}  ${effectOf(call)}`;
    return [
      line.trimEnd(),
      ...(call.detail === "" ? [] : [`       ${printable(call.detail)}`]),
      ...call.differences.map(differenceLine),
    ];
  });
}

function bar({ beginMs, durationMs = 0 }: RunCall, wholeMs: number): string {
  const from = Math.min(WIDTH - 1, Math.round((beginMs / wholeMs) * WIDTH));
  const length = Math.max(1, Math.min(WIDTH - from, Math.round((durationMs / wholeMs) * WIDTH)));
  return `${" ".repeat(from)}${"█".repeat(length)}${" ".repeat(WIDTH - from - length)}`;
}

const EFFECTS: Readonly<Record<CallEffect, string>> = {
  [CallEffect.UNSPECIFIED]: "",
  [CallEffect.NONE]: "changed nothing",
  [CallEffect.CHANGED]: "changed",
  [CallEffect.STARTED]: "not waited for",
  [CallEffect.IGNORED]: "ignored",
  [CallEffect.REFUSED]: "refused",
  [CallEffect.SHADOW]: "shadow",
};

/** What a shadow would have come to. */
const SHADOW_EFFECTS: Readonly<Record<CallEffect, string>> = {
  [CallEffect.UNSPECIFIED]: "",
  [CallEffect.NONE]: "would have changed nothing",
  [CallEffect.CHANGED]: "would have changed the message",
  [CallEffect.STARTED]: "would not be waited for",
  [CallEffect.IGNORED]: "would have been ignored",
  [CallEffect.REFUSED]: "would have refused",
  [CallEffect.SHADOW]: "",
};

function effectOf({ effect, failure, shadowEffect, isSame }: RunCall): string {
  return [
    failure === "" ? "" : `failed (${failure})`,
    EFFECTS[effect],
    SHADOW_EFFECTS[shadowEffect],
    isSame === undefined ? "" : isSame ? "the same" : "differs",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function subjectOf({ side, method, function: name }: Run): string {
  if (side === RunSide.FUNCTION) return `function ${printable(name)}`;
  return `${side === RunSide.REQUEST ? "request" : "response"} ${printable(method)}`;
}

function outcomeOf({ outcome }: Run): string {
  return RunOutcome[outcome].toLowerCase();
}

/** Longest value that is shown of a difference, in characters. */
const LONGEST_VALUE = 200;

function differenceLine({ path, before, after }: Difference): string {
  const [was, is] = [valueText(before), valueText(after)];
  const change = was === undefined ? `+ ${is}` : is === undefined ? `- ${was}` : `${was} → ${is}`;
  return `       ${path === "" ? "all of it" : printable(path)}: ${change}`;
}

function valueText(value: Value | undefined): string | undefined {
  if (!value) return undefined;
  const text = printable(JSON.stringify(toJson(ValueSchema, value)));
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
}
