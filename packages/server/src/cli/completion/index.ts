import { Argument, type Command } from "commander";
import type { CommandTools } from "../command-tools.ts";
import { SCRIPTS, SHELLS, type Shell } from "./scripts.ts";

/** Name of the command that the scripts call: hidden, since people have no use for it. */
export const COMPLETE = "__complete";

/** What a line says in place of a candidate: names of files belong here. */
const FILES = ":files";

/** Adds `completion`, and the hidden command that its scripts call. `toolsFor` reaches a server as the options on the command line say. */
export function addCompletion(
  program: Command,
  print: (text: string) => void,
  toolsFor: (options: Readonly<Record<string, string | true>>) => CommandTools,
): void {
  program
    .command("completion")
    .description("print a script that completes commands, options and values in a shell")
    .addArgument(new Argument("<shell>", "for which shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(interpose completion bash)      in ~/.bashrc\n  source <(interpose completion zsh)       in ~/.zshrc, after compinit\n  interpose completion fish | source       in ~/.config/fish/config.fish",
    )
    .action((shell: Shell) => print(SCRIPTS[shell]));

  program
    .command(COMPLETE, { hidden: true })
    .argument("[words...]")
    .action(async (words: readonly string[]) => {
      const [{ complete }, { createFindValues }] = await Promise.all([
        import("./candidates.ts"),
        import("./values.ts"),
      ]);
      const find = createFindValues((options, work) => toolsFor(options).withBackend(work));
      const { candidates, files } = await complete(program, words, find);
      const lines = candidates
        .filter(({ value }) => SAFE.test(value))
        .map(({ value, description }) => `${value}\t${oneLine(description)}`);
      for (const line of files ? [FILES] : lines) print(`${line}\n`);
    });
}

/** What stands in a command line as it is, whatever the shell: a value of a server is put there, and nobody shall run what it names. */
const SAFE = /^[\w./:@%+,=*-]+$/;

/** A description on one line, short, and without what moves a cursor. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, 80);
}
