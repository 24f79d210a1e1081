import { createInterface } from "node:readline/promises";
import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { stringify } from "yaml";
import { WORDS } from "../../actions/access.ts";
import type { CommandTools } from "../command-tools.ts";
import { Ended, EXIT } from "../exit-codes.ts";
import type { PlannedActions } from "./backend.ts";
import { readActionsFiles, STDIN } from "./files.ts";
import { escaped } from "./substitute.ts";
import { planText, summaryText, textOf } from "./render.ts";

interface PlanOptions {
  readonly file: readonly string[];
  readonly prune: boolean;
  readonly adopt?: boolean;
  readonly exitCode?: boolean;
  readonly yes?: boolean;
}

interface ExportOptions {
  readonly ownedBy?: string;
  readonly schema?: string;
}

const FILE_HELP = `
The document says which targets, executions, functions and types of events there are to be; docs/actions.md has all of
it. In its texts, \${NAME} stands for the variable NAME, and $\${ for \${ itself.`;

const CHANGES_HELP = `
  + is made, ~ is changed or taken over, - is deleted, ! is in the way. What a document does not own is never deleted, and
  changed only with --adopt; a document owns what applying it made or took over.`;

/** Adds `plan`, `apply` and `export`, and answers them. */
export function addActions(program: Command, toolsOf: (command: Command) => CommandTools): readonly Command[] {
  return [addPlan(program, toolsOf), addApply(program, toolsOf), addExport(program, toolsOf)];
}

function addPlan(program: Command, toolsOf: (command: Command) => CommandTools): Command {
  return withDocument(program.command("plan"))
    .description("show what applying a document would change; changes nothing")
    .option("--exit-code", `exit with ${EXIT.changes} where something would change`)
    .addHelpText(
      "after",
      `${FILE_HELP}\n${CHANGES_HELP}\n\nExamples:\n  interpose plan -f actions.yaml\n  interpose plan -f targets.yaml -f executions.yaml --exit-code\n  interpose export | interpose plan -f -`,
    )
    .action(async (options: PlanOptions, command: Command) => {
      const { output, withBackend, files } = toolsOf(command);
      const document = readActionsFiles(options.file, files);
      const plan = await withBackend((backend) => backend.planActions(document, takenBy(options)));
      output.answer(documentOf(plan), () => planText(plan));
      if (plan.conflicts.length > 0) throw new Ended(EXIT.failed);
      if (options.exitCode && plan.changes.length > 0) throw new Ended(EXIT.changes);
    });
}

function addApply(program: Command, toolsOf: (command: Command) => CommandTools): Command {
  return withDocument(program.command("apply"))
    .description("make everything as a document says, all of it or nothing")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      `${FILE_HELP}\n${CHANGES_HELP}\n  What is applied is what was shown: where things change meanwhile, nothing is.\n\nExamples:\n  interpose apply -f actions.yaml\n  interpose apply -f actions.yaml --yes --json\n  interpose apply -f actions.yaml --adopt --no-prune`,
    )
    .action(async (options: PlanOptions, command: Command) => {
      const { output, withBackend, files } = toolsOf(command);
      const document = readActionsFiles(options.file, files);
      await withBackend(
        async (backend) => {
          const plan = await backend.planActions(document, takenBy(options));
          const shows = !output.isJson && (plan.changes.length > 0 || plan.conflicts.length > 0);
          if (shows) output.answer(undefined, () => planText(plan));
          refuseConflicts(plan);
          if (plan.changes.length > 0 && !options.yes) await agreed(options.file, output.isJson);
          await backend.applyActions(document, takenBy(options), plan.fingerprint);
          output.answer(documentOf(plan), () => (plan.changes.length > 0 ? "Applied." : summaryText(plan)));
        },
        { makesStore: true },
      );
    });
}

function addExport(program: Command, toolsOf: (command: Command) => CommandTools): Command {
  return program
    .command("export")
    .description("write what there is as a document, which changes nothing when it is applied")
    .option("--owned-by <name>", "what the document of this name owns, in place of everything")
    .option("--schema <location>", "say on the first line where the JSON Schema of documents is, for editors")
    .addHelpText(
      "after",
      `\nSecrets are not written: keys, and what else targets are sent. They stay as they are when the document is applied.\n\nExamples:\n  interpose export > actions.yaml\n  interpose export --owned-by shop --schema ./actions.schema.json`,
    )
    .action(async ({ ownedBy, schema }: ExportOptions, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const document = escaped(await withBackend((backend) => backend.exportActions(ownedBy)));
      const line = schema === undefined ? "" : `# yaml-language-server: $schema=${schema.replaceAll(/[\r\n]/g, " ")}\n`;
      output.answer(document, () => `${line}${stringify(document, { lineWidth: 0 }).trimEnd()}`);
    });
}

/** The options of commands that take a document. */
function withDocument(command: Command): Command {
  return command
    .addOption(
      new Option("-f, --file <file>", `file with the document, ${STDIN} for standard input; may be repeated`)
        .makeOptionMandatory()
        .argParser((name: string, before: readonly string[] | undefined) => [...(before ?? []), name]),
    )
    .option("--no-prune", "leave what the document owns and does not name any more")
    .option(
      "--adopt",
      "take over what is there under the same name, or for the same condition, and was made by others",
    );
}

function takenBy({ prune, adopt = false }: PlanOptions): { readonly keepUnnamed: boolean; readonly adopt: boolean } {
  return { keepUnnamed: !prune, adopt };
}

/** The document of `--json`. */
function documentOf({ changes, conflicts, fingerprint }: PlannedActions): object {
  return {
    changes: changes.map(({ action, kind, name, fields, drifted, formerOwner }) => ({
      action,
      kind,
      name,
      fields,
      drifted,
      ...(formerOwner !== undefined && { formerOwner }),
    })),
    conflicts,
    fingerprint,
  };
}

function refuseConflicts({ conflicts }: PlannedActions): void {
  if (conflicts.length === 0) return;
  const texts = conflicts
    .slice(0, 20)
    .map(({ kind, name, description }) => `  ${WORDS[kind]} ${textOf(name)} ${description}`);
  throw new InterposeError("actions_conflict", ["Nothing was applied. In the way are:", ...texts].join("\n"));
}

/** Asks whether the changes are meant. Throws where the answer is another one than yes, or where nobody can be asked. */
async function agreed(files: readonly string[], isJson: boolean): Promise<void> {
  if (isJson || files.includes(STDIN) || !process.stdin.isTTY) {
    const text = "Nothing was applied: there is nobody to ask whether these changes are meant. Say --yes if they are.";
    throw new InterposeError("bad_request", text);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Whoever ends the input has said nothing.
  const ended = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([terminal.question("Apply these changes? [y/N] "), ended]);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new InterposeError("actions_conflict", "Nothing was applied, as you said.");
}
