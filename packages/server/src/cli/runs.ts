import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import {
  GetRunResponseSchema,
  RunOutcome,
  RunSchema,
  RunService,
  RunSide,
  type Run,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { CommandEnvironment, CommandTools } from "./command-tools.ts";
import { parseDuration } from "./duration.ts";
import { table } from "./output.ts";
import { runCells, RUN_HEADINGS, runText } from "./run-text.ts";
import { stopSignal } from "./stop-signal.ts";

const SIDES = { request: RunSide.REQUEST, response: RunSide.RESPONSE, function: RunSide.FUNCTION } as const;
const OUTCOMES = { passed: RunOutcome.PASSED, changed: RunOutcome.CHANGED, refused: RunOutcome.REFUSED } as const;
/** Most runs that a server answers at once. */
const MOST_OF_A_PAGE = 1_000;

/** Which runs are meant. */
interface FilterOptions {
  readonly side?: keyof typeof SIDES;
  readonly method?: string;
  readonly function?: string;
  readonly execution?: string;
  readonly target?: string;
  readonly outcome?: keyof typeof OUTCOMES;
  readonly failed?: boolean;
}

/** Adds `runs list|get|watch`. */
export function addRuns(
  runs: Command,
  toolsOf: (command: Command) => CommandTools,
  { print }: CommandEnvironment,
): void {
  runs.description("look at the record of runs: what was called, what was answered and what came of it");

  addFilter(runs.command("list").description("list runs, newest first"))
    .option("--since <duration>", "only runs that began within this time, such as 1h")
    .option("--limit <count>", "most runs to list", "20")
    .addHelpText(
      "after",
      "\nExamples:\n  interpose runs list --failed --since 1h\n  interpose runs list --method /acme.v1.Users/Add --json",
    )
    .action(async (options: FilterOptions & { readonly since?: string; readonly limit: string }, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const limit = countFrom(options.limit);
      const sinceMs = options.since === undefined ? undefined : parseDuration(options.since, "--since");
      const begun = sinceMs === undefined ? {} : { begunAfter: timestampFromMs(Date.now() - sinceMs) };
      const found = await withServer(async (transport) => {
        const client = createClient(RunService, transport);
        const all: Run[] = [];
        for (let pageToken = ""; ;) {
          const pageSize = Math.min(limit - all.length, MOST_OF_A_PAGE);
          const page = await client.listRuns({ ...filterOf(options), ...begun, pageSize, pageToken });
          all.push(...page.runs);
          pageToken = page.nextPageToken;
          if (pageToken === "" || all.length >= limit) return all;
        }
      });
      output.answer({ runs: found.map((run) => toJson(RunSchema, run)) }, () =>
        table(RUN_HEADINGS, found.map(runCells), "There are no such runs on record."),
      );
    });

  runs
    .command("get <id>")
    .description("show a run: each call with its time, its end, and what it changed")
    .addHelpText(
      "after",
      "\nAn error that a caller is told names its run.\n\nExample:\n  interpose runs get 384376937488408645",
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const found = await withServer((transport) => createClient(RunService, transport).getRun({ id }));
      output.answer(toJson(GetRunResponseSchema, found), () => runText(found));
    });

  addFilter(runs.command("watch").description("print runs as they come on record, until it is stopped"))
    .addHelpText("after", "\nExample:\n  interpose runs watch --failed")
    .action(async (options: FilterOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const signal = stopSignal();
      await withServer(async (transport) => {
        try {
          for await (const { run } of createClient(RunService, transport).watchRuns(filterOf(options), { signal })) {
            if (!run) continue;
            print(`${output.isJson ? JSON.stringify(toJson(RunSchema, run)) : runCells(run).join("  ")}\n`);
          }
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      });
    });
}

function addFilter(command: Command): Command {
  return command
    .addOption(new Option("--side <side>", "only runs for this").choices(Object.keys(SIDES)))
    .option("--method <method>", "only runs for messages of this method, as /package.Service/Method")
    .option("--function <name>", "only runs of this function")
    .option("--execution <condition>", "only runs of this execution")
    .option("--target <id>", "only runs that called this target")
    .addOption(new Option("--outcome <outcome>", "only runs with this outcome").choices(Object.keys(OUTCOMES)))
    .option("--failed", "only runs in which a call failed");
}

function filterOf({ side, method, execution, target, outcome, failed, ...options }: FilterOptions) {
  return {
    side: side ? SIDES[side] : RunSide.UNSPECIFIED,
    method: method ?? "",
    function: options.function ?? "",
    executionId: execution ?? "",
    targetId: target ?? "",
    outcome: outcome ? OUTCOMES[outcome] : RunOutcome.UNSPECIFIED,
    failedOnly: failed ?? false,
  };
}

function countFrom(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InterposeError("bad_request", `--limit: "${text}" is no number of runs. Give one from 1 to 999999.`);
}
