import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";

/** One command of the command line, with the words that lead to it. */
export interface NamedCommand {
  /** Such as `tokens create`; empty for the program itself. */
  readonly name: string;
  readonly command: Command;
}

/** Every command there is but for those that are hidden, groups among them, in the order of the help. */
export function allCommands(): readonly NamedCommand[] {
  const program = createProgram({ env: {}, cwd: "/", print: () => undefined });
  return [{ name: "", command: program }, ...below(program, "")];
}

function below(parent: Command, prefix: string): readonly NamedCommand[] {
  const visible = parent.createHelp().visibleCommands(parent);
  return parent.commands
    .filter((command) => visible.includes(command))
    .flatMap((command) => {
      const name = `${prefix}${command.name()}`;
      return [{ name, command }, ...below(command, `${name} `)];
    });
}
