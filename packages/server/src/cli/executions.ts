import { Option, type Command } from "commander";
import {
  conditionId,
  InterposeError,
  parseConditionId,
  type Condition,
  type ExecutionEntry,
  type ExecutionOptions,
} from "@interpose/engine";
import { table } from "./output.ts";
import type { CommandTools } from "./command-tools.ts";

const CONDITION_HELP = `
A condition is written as the id of its execution:
  request                            every request          response                 every response
  request/package.Service            of a service           response/package.Service
  request/package.Service/Method     of a method            response/package.Service/Method
  function/NAME                      a function
  event/TYPE, event/GROUP.*, event   events of a type, of a group, all`;

const PATH_HELP = `
A path names a field from the root of a message, with dots between: user.password. Names are those of the .proto file
or of JSON, or keys of maps; * is any one of them, ** any number of levels. Lists have no level of their own.`;

/** Adds `executions list|get|set|options|delete`. */
export function addExecutions(executions: Command, toolsOf: (command: Command) => CommandTools): void {
  executions
    .description("manage executions: what is called when a condition happens")
    .addHelpText("after", CONDITION_HELP);

  executions
    .command("list")
    .description("list all executions")
    .action(async (_options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const found = await withBackend((backend) => backend.listExecutions());
      const listed = found.map(({ condition, entries }) => ({
        condition: conditionId(condition),
        targets: entries.map(entryDocument),
      }));
      const rows = listed.map(({ condition, targets }) => [
        condition,
        targets.map((entry) => entry.target ?? `include ${entry.include ?? ""}`).join(", "),
      ]);
      output.answer({ executions: listed }, () => table(["CONDITION", "CALLS"], rows, "There are no executions."));
    });

  executions
    .command("get <condition>")
    .description("show the execution of a condition, and how it runs")
    .addHelpText("after", `${CONDITION_HELP}\n\nExample:\n  interpose executions get request/acme.v1.Users/Add`)
    .action(async (text: string, _options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const condition = conditionFromText(text, "condition");
      const id = conditionId(condition);
      const { options, entries } = await withBackend(async (backend) => ({
        options: await backend.executionOptions(condition),
        entries: (await backend.listExecutions()).find((each) => conditionId(each.condition) === id)?.entries ?? [],
      }));
      const targets = entries.map(entryDocument);
      output.answer({ condition: id, targets, ...options }, () =>
        [
          ...targets.map(({ target, include = "" }, i) => `${i + 1}. ${target ?? `include ${include}`}`),
          describeOptions(id, options),
        ].join("\n"),
      );
    });

  // One list for both options, since their order is the order of the calls.
  const entries: ExecutionEntry[] = [];
  executions
    .command("set <condition>")
    .description("set what a condition calls, in place of what was set before")
    .addOption(
      new Option("--target <id>", "call this target; may be repeated").argParser(
        (id: string) => void entries.push({ target: id }),
      ),
    )
    .addOption(
      new Option("--include <condition>", "call what that execution calls; may be repeated").argParser(
        (text: string) => void entries.push({ include: conditionFromText(text, "--include") }),
      ),
    )
    .addHelpText(
      "after",
      `${CONDITION_HELP}\n\nTargets and includes are called in the order in which they are given.\n\nExample:\n  interpose executions set request/acme.v1.Users/Add --target 388913050531135488 --include event/audit.*`,
    )
    .action(async (text: string, _options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const condition = conditionFromText(text, "condition");
      const otherVersions = await withBackend(async (backend) => {
        await backend.setExecution(condition, entries);
        return backend.otherVersions(condition);
      });
      const passing = otherVersions.length > 0 && { otherVersions };
      output.answer({ condition: text, targets: entries.map(entryDocument), ...passing }, () =>
        [`Set ${text}: ${entries.length} in the list.`, ...warningOf(text, otherVersions)].join("\n"),
      );
    });

  executions
    .command("options <condition>")
    .description("show or change how an execution runs; options stay when its list is set again")
    .option("--run-on-errors", "call the targets of a response for an error of the API too")
    .option("--no-run-on-errors", "call them for responses alone")
    .option(
      "--hide <path...>",
      "hide this field from its targets; may be repeated; all that are given replace those before",
    )
    .option("--hide-nothing", "hide no fields, beside those that the settings hide")
    .option(
      "--fifo-by <key>",
      "deliver events with the same key in order: aggregate, or a path such as payload.user.id",
    )
    .option("--no-fifo-by", "deliver events in no order")
    .addOption(
      new Option("--match <how>", "exact: for what it names alone; equivalent: for other versions of it too").choices([
        "exact",
        "equivalent",
      ]),
    )
    .option(
      "--shadow <id...>",
      "call this target of it as a shadow: beside the run, never applied; all that are given replace those before",
    )
    .option("--no-shadow", "call all of its targets in earnest")
    .addHelpText(
      "after",
      `${CONDITION_HELP}\n${PATH_HELP}\n\nExample:\n  interpose executions options response/acme.v1.Users --run-on-errors --hide user.password --hide '**.secret'`,
    )
    .action(async (text: string, given: GivenOptions, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const condition = conditionFromText(text, "condition");
      const { runOnErrors, match } = given;
      const hiddenFields = hiddenFieldsOf(given);
      const fifoBy = given.fifoBy === false ? "" : given.fifoBy;
      const shadowTargets = given.shadow === false ? [] : given.shadow;
      const changes = { runOnErrors, hiddenFields, fifoBy, match, shadowTargets };
      const isChange = Object.values(changes).some((change) => change !== undefined);
      const options = await withBackend((backend) =>
        isChange ? backend.updateExecutionOptions(condition, changes) : backend.executionOptions(condition),
      );
      output.answer({ condition: text, ...options }, () => describeOptions(text, options));
    });

  executions
    .command("delete <condition>")
    .description("delete the execution of a condition")
    .addHelpText("after", CONDITION_HELP)
    .action(async (text: string, _options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const condition = conditionFromText(text, "condition");
      await withBackend((backend) => backend.deleteExecution(condition));
      output.answer({ condition: text }, () => `Deleted ${text}.`);
    });
}

/** What was given to `executions options`. */
interface GivenOptions {
  readonly runOnErrors?: boolean;
  readonly hide?: readonly string[];
  readonly hideNothing?: boolean;
  /** False: by nothing. */
  readonly fifoBy?: string | false;
  readonly match?: "exact" | "equivalent";
  /** False: none. */
  readonly shadow?: readonly string[] | false;
}

function hiddenFieldsOf({ hide, hideNothing }: GivenOptions): readonly string[] | undefined {
  if (!hideNothing) return hide;
  if (!hide) return [];
  throw new InterposeError("bad_request", "--hide and --hide-nothing say different things. Give one of them.");
}

function describeOptions(
  condition: string,
  { runOnErrors, hiddenFields, fifoBy, match, shadowTargets = [] }: ExecutionOptions,
): string {
  if (fifoBy !== undefined) return `${condition} is delivered in order by ${fifoBy}.`;
  const runs = runOnErrors ? "runs for errors of the API too" : "runs for no errors of the API";
  const hides = hiddenFields.length === 0 ? "hides no fields of its own" : `hides ${hiddenFields.join(", ")}`;
  const isFor = match === "equivalent" ? " is for other versions of it too," : "";
  const shadows = shadowTargets.length === 0 ? "" : ` Its shadows are ${shadowTargets.join(", ")}.`;
  return `${condition}${isFor} ${runs}, and ${hides}.${shadows}`;
}

/** What somebody should know who set an execution on one of several versions. */
function warningOf(condition: string, otherVersions: readonly string[]): readonly string[] {
  if (otherVersions.length === 0) return [];
  return [
    `It does not run for other versions: ${otherVersions.join(", ")}.`,
    `To close that: interpose executions options ${condition} --match equivalent`,
  ];
}

function conditionFromText(text: string, what: string): Condition {
  const condition = parseConditionId(text);
  if (condition) return condition;
  throw new InterposeError(
    "condition_invalid",
    `${what}: "${text}" is no condition. Write one such as request/package.Service/Method; --help shows all forms.`,
  );
}

function entryDocument(entry: ExecutionEntry): { readonly target?: string; readonly include?: string } {
  return "target" in entry ? { target: entry.target } : { include: conditionId(entry.include) };
}
