import { Option, type Command } from "commander";
import { conditionId, InterposeError, parseConditionId, type Condition, type ExecutionEntry } from "@interpose/engine";
import { table } from "./output.ts";
import type { CommandTools } from "./command-tools.ts";

const CONDITION_HELP = `
A condition is written as the id of its execution:
  request                            every request          response                 every response
  request/package.Service            of a service           response/package.Service
  request/package.Service/Method     of a method            response/package.Service/Method
  function/NAME                      a function
  event/TYPE, event/GROUP.*, event   events of a type, of a group, all`;

/** Adds `executions list|set|delete`. */
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
      await withBackend((backend) => backend.setExecution(condition, entries));
      output.answer(
        { condition: text, targets: entries.map(entryDocument) },
        () => `Set ${text}: ${entries.length} in the list.`,
      );
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
