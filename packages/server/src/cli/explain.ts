import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { Option, type Command } from "commander";
import { durationText } from "@interpose/engine";
import {
  ExplainKind,
  ExplainResponseSchema,
  ExplainService,
  type Candidate,
  type ExplainRequest,
  type ExplainResponse,
  type PlanStep,
  type TargetHealth,
} from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import type { CommandTools } from "./command-tools.ts";
import { styled } from "./output.ts";

const EXAMPLES = `
Examples:
  interpose explain request /acme.v1.Users/Add
  interpose explain response /acme.v1.Users/Add --failures
  interpose explain function preuserinfo
  interpose explain event user.human.added --json`;

/** What is asked of each kind, by the name of its command. */
const KINDS = [
  ["request", "<method>", "what is called before a request is handled", ExplainKind.REQUEST, "method"],
  ["response", "<method>", "what is called before a response leaves", ExplainKind.RESPONSE, "method"],
  ["function", "<name>", "what is called when a function is invoked", ExplainKind.FUNCTION, "function"],
  ["event", "<type>", "what is delivered when an event is published", ExplainKind.EVENT, "event"],
] as const satisfies readonly (readonly [string, string, string, ExplainKind, keyof ExplainRequest])[];

/** Adds `explain request|response|function|event`. */
export function addExplain(group: Command, toolsOf: (command: Command) => CommandTools): void {
  group.description("say what would be called and why, without calling anybody").addHelpText("after", EXAMPLES);
  for (const [name, argument, description, kind, field] of KINDS) {
    group
      .command(`${name} ${argument}`)
      .description(description)
      .addOption(new Option("--failures", "show what each kind of failure of a target would mean"))
      .addHelpText("after", EXAMPLES)
      .action(async (given: string, options: { readonly failures?: boolean }, command: Command) => {
        const { output, withServer } = toolsOf(command);
        const explained = await withServer((transport) =>
          createClient(ExplainService, transport).explain({ kind, [field]: given }),
        );
        output.answer(toJson(ExplainResponseSchema, explained, { alwaysEmitImplicit: true }), () =>
          textOf(explained, options.failures ?? false),
        );
      });
  }
}

function textOf(explained: ExplainResponse, showsFailures: boolean): string {
  const { summary, candidates, plan, nearest, missedByVersion, notes } = explained;
  const missed = missedByVersion.map((id) => `  ${id}`);
  return [
    summary,
    ...section("Candidates, the most specific first", candidates.map(rungOf)),
    ...section(
      "Calls",
      plan.flatMap((step) => stepLines(step, showsFailures)),
    ),
    ...section(
      "Nearest",
      nearest.map(({ executionId, reason }) => `  ${executionId}: ${reason}`),
    ),
    ...section("Passed by for the version alone (interpose executions options ID --match equivalent)", missed),
    ...section(
      "Notes",
      notes.map((note) => `  - ${note}`),
    ),
  ].join("\n");
}

function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", styled("bold", heading), ...lines];
}

/** One rung of the ladder: `>` wins, `x` is set and does not, `.` is not set. */
function rungOf({ executionId, isSet, wins, reason }: Candidate): string {
  if (!isSet) return `  . ${executionId}`;
  return `  ${wins ? ">" : "x"} ${executionId}\n      ${reason}`;
}

function stepLines(step: PlanStep, showsFailures: boolean): readonly string[] {
  const { place, targetName, targetType, targetId, endpoint, timeoutMs, interruptOnError, includedBy } = step;
  const { obstacles, health, onFailure } = step;
  const indent = "  ".repeat(includedBy.length);
  const below = `     ${indent}`;
  const by = includedBy.at(-1);
  const interrupts = interruptOnError ? ", interrupts" : "";
  return [
    `  ${indent}${place}. ${targetName} (${targetType}, ${durationText(Number(timeoutMs))}${interrupts}) ${targetId}`,
    ...(by === undefined ? [] : [`${below}included by ${includedBy.join(" > ")}`]),
    ...(endpoint === "" ? [] : [`${below}${endpoint}`]),
    ...healthLines(health).map((line) => `${below}${line}`),
    ...obstacles.map((obstacle) => `${below}! ${obstacle}`),
    ...(showsFailures
      ? onFailure.map(
          ({ failures, effect, answer }) =>
            `${below}${failures.join(", ")}: ${effect}${answer === "" ? "" : `: ${answer}`}`,
        )
      : []),
  ];
}

function healthLines(health: TargetHealth | undefined): readonly string[] {
  if (!health) return [];
  const { callCount, failedCallCount, p50Ms, lastFailure, heldBy, waitingCount, hasMoreWaiting } = health;
  const time = p50Ms === undefined ? "" : `, ${Math.round(p50Ms)} ms in the middle`;
  const failed = failedCallCount === 0n ? "" : `, ${failedCallCount} failed (last: ${lastFailure})`;
  const held = heldBy === "" ? "" : `, held: ${heldBy}`;
  return [
    ...(callCount === 0n ? [] : [`last hour: ${callCount} calls${failed}${time}`]),
    ...(waitingCount === 0n && held === ""
      ? []
      : [`deliveries: ${waitingCount}${hasMoreWaiting ? "+" : ""} waiting${held}`]),
  ];
}
