import type { Argument, Command, Option } from "commander";

/** Something that the word under the cursor can become. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What the shell shows. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether names of files belong here. */
  readonly files: boolean;
}

/** A place of a command line that takes a value: a command's option or argument. */
export interface ValuePlace {
  /** Such as `executions set --target`, or `targets delete id`. */
  readonly name: string;
  /** Options that stand before it, as commander names them. */
  readonly options: Readonly<Record<string, string | true>>;
}

/** Finds values that only a server knows. */
export type FindValues = (place: ValuePlace) => Promise<readonly Candidate[]>;

/** What can stand where the last of the words is, which may be empty. `words` are those behind the program's name. */
export async function complete(program: Command, words: readonly string[], find: FindValues): Promise<Completion> {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  // Bash makes "=" a word of its own.
  const position = walk(program, before);
  if (position.awaits) return valuesOf(position.awaits, position, last === "=" ? "" : last, find);
  const equals = last.indexOf("=");
  if (!position.onlyArguments && last.startsWith("--") && equals > 0) {
    const flag = last.slice(0, equals);
    const option = optionOf(position.command, flag);
    if (!option || isFlag(option)) return NOTHING;
    const { candidates, files } = await valuesOf(option, position, last.slice(equals + 1), find);
    return { candidates: candidates.map((each) => ({ ...each, value: `${flag}=${each.value}` })), files };
  }
  if (!position.onlyArguments && last.startsWith("-"))
    return { candidates: matching(optionsOf(position.command), last), files: false };
  const { command, given } = position;
  const commands = given === 0 ? commandsOf(command) : [];
  if (commands.length > 0) return { candidates: matching(commands, last), files: false };
  const argument = command.registeredArguments[Math.min(given, command.registeredArguments.length - 1)];
  if (!argument || (given >= command.registeredArguments.length && !argument.variadic)) return NOTHING;
  return valuesOf(argument, position, last, find);
}

const NOTHING: Completion = { candidates: [], files: false };

/** Where a command line stands after some words. */
interface Position {
  readonly command: Command;
  /** Names of the commands that led here. */
  readonly path: readonly string[];
  readonly options: Readonly<Record<string, string | true>>;
  /** How many arguments were given. */
  readonly given: number;
  /** An option whose value comes next. */
  readonly awaits: Option | undefined;
  /** After `--` there are no options. */
  readonly onlyArguments: boolean;
}

function walk(program: Command, words: readonly string[]): Position {
  let command = program;
  const path: string[] = [];
  const options: Record<string, string | true> = {};
  let given = 0;
  let awaits: Option | undefined;
  let onlyArguments = false;
  for (const word of words) {
    if (awaits) {
      if (word === "=") continue;
      options[awaits.attributeName()] = word;
      awaits = undefined;
    } else if (!onlyArguments && word === "--") onlyArguments = true;
    else if (!onlyArguments && word.startsWith("-")) {
      const equals = word.indexOf("=");
      const option = optionOf(command, equals > 0 ? word.slice(0, equals) : word);
      if (!option) continue;
      if (isFlag(option)) options[option.attributeName()] = true;
      else if (equals > 0) options[option.attributeName()] = word.slice(equals + 1);
      else awaits = option;
    } else if (word === "help" && given === 0 && command.commands.length > 0) continue;
    else {
      const next =
        given === 0 ? command.commands.find((each) => [each.name(), ...each.aliases()].includes(word)) : undefined;
      if (next) {
        command = next;
        path.push(next.name());
      } else given++;
    }
  }
  return { command, path, options, given, awaits, onlyArguments };
}

function isFlag(option: Option): boolean {
  return !option.required && !option.optional;
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ short, long }) => flag === short || flag === long);
}

function optionsOf(command: Command): readonly Candidate[] {
  const { visibleOptions } = helpOf(command);
  return visibleOptions.flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}

function commandsOf(command: Command): readonly Candidate[] {
  return helpOf(command).visibleCommands.map((each) => ({ value: each.name(), description: each.description() }));
}

/** What the help shows: nothing that is hidden. */
function helpOf(command: Command): {
  readonly visibleOptions: readonly Option[];
  readonly visibleCommands: readonly Command[];
} {
  const help = command.createHelp();
  return { visibleOptions: help.visibleOptions(command), visibleCommands: help.visibleCommands(command) };
}

/** What an option or an argument can be. */
async function valuesOf(
  place: Option | Argument,
  { path, options }: Position,
  begin: string,
  find: FindValues,
): Promise<Completion> {
  if (place.argChoices)
    return {
      candidates: matching(
        place.argChoices.map((value) => ({ value, description: "" })),
        begin,
      ),
      files: false,
    };
  const isOption = "flags" in place;
  const form = isOption ? place.flags : `<${place.name()}>`;
  if (/[<[](file|folder)[\]>]/.test(form)) return { candidates: [], files: true };
  const name = [...path, isOption ? (place.long ?? place.flags) : place.name()].join(" ");
  return { candidates: matching(await find({ name, options }), begin), files: false };
}

function matching(candidates: readonly Candidate[], begin: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(begin));
}
