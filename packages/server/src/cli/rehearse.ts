import { createClient } from "@connectrpc/connect";
import { toJson } from "@bufbuild/protobuf";
import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { CallEffect, RunOutcome, RunSide } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import {
  RehearseRunsResponseSchema,
  TryService,
  type RehearseRunsResponse,
} from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import type { CommandEnvironment, CommandTools } from "./command-tools.ts";
import { EXIT } from "./exit-codes.ts";
import { readNumber } from "./input.ts";
import { startProgress, type Progress } from "./progress.ts";
import { describeDifferences } from "./try.ts";

interface RehearseOptions {
  readonly target: string;
  readonly candidate?: string;
  readonly endpoint?: string;
  readonly side?: "request" | "response" | "function";
  readonly method?: string;
  readonly execution?: string;
  readonly outcome?: "passed" | "changed" | "refused";
  readonly failed?: boolean;
  readonly max: string;
  readonly json?: boolean;
}

const SIDES = { request: RunSide.REQUEST, response: RunSide.RESPONSE, function: RunSide.FUNCTION };
const OUTCOMES = { passed: RunOutcome.PASSED, changed: RunOutcome.CHANGED, refused: RunOutcome.REFUSED };

/** What a rehearsal came to. */
interface Counts {
  same: number;
  differ: number;
  skipped: number;
}

/** Adds `rehearse`. */
export function addRehearse(
  program: Command,
  { print }: CommandEnvironment,
  toolsOf: (command: Command) => CommandTools,
): Command {
  return program
    .command("rehearse")
    .description("repeat what runs on record have sent to a target with another one, and show which answers differ")
    .requiredOption("--target <id>", "target whose calls are repeated")
    .option("--candidate <id>", "target that is called in its place")
    .option("--endpoint <url>", "address that is called in its place, as the same target")
    .addOption(new Option("--side <side>", "only runs for this").choices(["request", "response", "function"]))
    .option("--method <method>", "only runs for messages of this method, as /package.Service/Method")
    .option("--execution <condition>", "only runs of this execution")
    .addOption(
      new Option("--outcome <outcome>", "only runs with this outcome").choices(["passed", "changed", "refused"]),
    )
    .option("--failed", "only runs in which a call failed")
    .option("--max <count>", "most runs, the newest first", "100")
    .addHelpText(
      "after",
      `
Nothing is applied; the target is really called, with the header interpose-purpose: rehearsal.
Ends with 1 where an answer differs, and with 0 where all that could be repeated are the same. With --json, one document for each run, on a line of its own.

Examples:
  interpose rehearse --target 388913050531135488 --candidate 388913050531139584
  interpose rehearse --target 388913050531135488 --endpoint http://127.0.0.1:9000/hook --max 1000`,
    )
    .action(async (options: RehearseOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      if ((options.candidate === undefined) === (options.endpoint === undefined))
        throw new InterposeError("bad_request", "Say who is called instead: give --candidate or --endpoint.");
      const maxCount = readNumber(options.max, "--max", { least: 1, most: 10_000 });
      const counts: Counts = { same: 0, differ: 0, skipped: 0 };
      await withServer(async (transport) => {
        let progress: Progress | undefined;
        try {
          for await (const answer of createClient(TryService, transport).rehearseRuns(requestFrom(options, maxCount))) {
            progress ??= startProgress("Rehearsing", answer.totalCount);
            if (!answer.run) continue;
            count(answer, counts);
            const line = output.isJson
              ? JSON.stringify(toJson(RehearseRunsResponseSchema, answer))
              : describe(answer).join("\n");
            // The bar goes where the text comes.
            if (line !== "") {
              progress.end();
              print(`${line}\n`);
            }
            progress.done(answer.doneCount);
          }
        } finally {
          progress?.end();
        }
      });
      if (!output.isJson) print(`${summary(counts)}\n`);
      if (counts.differ > 0) process.exitCode = EXIT.failed;
    });
}

function requestFrom(options: RehearseOptions, maxCount: number) {
  const { side, method = "", execution = "", outcome, failed = false } = options;
  return {
    targetId: options.target,
    candidateId: options.candidate ?? "",
    candidateEndpoint: options.endpoint ?? "",
    maxCount,
    runs: {
      method,
      executionId: execution,
      failedOnly: failed,
      ...(side && { side: SIDES[side] }),
      ...(outcome && { outcome: OUTCOMES[outcome] }),
    },
  };
}

function count({ isSame, skippedBecause }: RehearseRunsResponse, counts: Counts): void {
  if (skippedBecause !== "") counts.skipped++;
  else if (isSame) counts.same++;
  else counts.differ++;
}

/** What people are shown of one run: nothing where all is the same. */
function describe({ run, recorded, rehearsed, differences, isSame, skippedBecause }: RehearseRunsResponse): string[] {
  const name = `Run ${run?.id ?? ""}`;
  if (skippedBecause !== "") return [`${name} could not be repeated: ${skippedBecause}.`];
  if (isSame || !recorded || !rehearsed) return [];
  const cameTo = (call: typeof recorded): string =>
    `${CallEffect[call.effect].toLowerCase()}${call.failure === "" ? "" : ` (${call.failure})`}`;
  return [
    `${name} differs: ${cameTo(recorded)} on record, ${cameTo(rehearsed)} now.`,
    ...describeDifferences(differences),
  ];
}

function summary({ same, differ, skipped }: Counts): string {
  const rest = skipped === 0 ? "" : `, ${skipped} could not be repeated`;
  return `${same} same, ${differ} ${differ === 1 ? "differs" : "differ"}${rest}.`;
}
