import type { CommanderError } from "commander";
import { Command, Option } from "commander";
import { InterposeError } from "@interpose/engine";
import { LEAVES, loadSettings, type Settings } from "../config/index.ts";
import { VERSION } from "../version.ts";
import type { Backend } from "./backend.ts";
import type { CommandTools } from "./command-tools.ts";
import { addDb } from "./db.ts";
import { addExecutions } from "./executions.ts";
import { EXIT_HELP } from "./exit-codes.ts";
import { createOutput } from "./output.ts";
import { addTargets } from "./targets.ts";
import { addTokens } from "./tokens.ts";

const DEFAULT_URL = "http://127.0.0.1:8080";

/** What the commands share. */
export interface CommandEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly print: (text: string) => void;
}

/** Options that every command understands. */
interface SharedOptions {
  readonly url?: string;
  readonly token?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly direct?: boolean;
  readonly bypass?: boolean;
}

/** The command tree. Nothing heavy is loaded before a command runs. */
export function createProgram(environment: CommandEnvironment): Command {
  const program = new Command("interpose")
    .description("Hangs HTTP endpoints on any call of any API, without touching the API.")
    .version(VERSION, "-v, --version", "print the version")
    .helpCommand("help [command]", "show the help of a command")
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride((error: CommanderError) => {
      throw error;
    })
    .addHelpText("after", `\n${EXIT_HELP}\n\nDocumentation: docs/cli.md`);

  const tools = (command: Command): CommandTools => toolsOf(command.optsWithGlobals<SharedOptions>(), environment);
  addServe(program, environment);
  addTokens(shared(program.command("tokens")), tools);
  addTargets(shared(program.command("targets")), tools);
  addExecutions(shared(program.command("executions")), tools);
  addDb(program.command("db"), tools);
  program
    .command("version")
    .description("print the version")
    .option("--json", "print one JSON document")
    .action((options: SharedOptions) =>
      createOutput(options.json ?? false, environment.print).answer({ version: VERSION }, () => VERSION),
    );
  return program;
}

/** Adds the options of commands that talk with a server or a store. They stand behind the command, where people write them. */
export function shared(command: Command): Command {
  const add = command.command.bind(command);
  // Each subcommand gets the options, so that "targets list --json" works as well as its help shows it.
  command.command = ((...args: Parameters<typeof add>) => withSharedOptions(add(...args))) as typeof command.command;
  return command;
}

function withSharedOptions(command: Command): Command {
  return command
    .addOption(new Option("--url <url>", `server to talk to (INTERPOSE_URL; default ${DEFAULT_URL})`))
    .addOption(new Option("--token <token>", "token to send (INTERPOSE_TOKEN)"))
    .option("--bypass", "run no executions for this call; needs the permission execution.bypass")
    .option("--direct", "go straight to the store, without a server: works when locked out")
    .option(
      "--config <file>",
      "settings file, for --direct (INTERPOSE_CONFIG; default interpose.yaml, if there is one)",
    )
    .option("--json", "print one JSON document");
}

function toolsOf(options: SharedOptions, { env, cwd, print }: CommandEnvironment): CommandTools {
  const settings = (): Settings => loadSettings({ flags: {}, env, cwd, configFile: options.config });
  async function open(): Promise<Backend> {
    if (options.direct) {
      const { openDirectBackend } = await import("./direct-backend.ts");
      return openDirectBackend(settings());
    }
    const { openRemoteBackend } = await import("./remote-backend.ts");
    const url = options.url ?? given(env.INTERPOSE_URL) ?? DEFAULT_URL;
    if (!URL.canParse(url))
      throw new InterposeError("bad_request", `--url: "${url}" is no URL. Write it like ${DEFAULT_URL}.`);
    return openRemoteBackend({
      url,
      token: options.token ?? given(env.INTERPOSE_TOKEN),
      bypass: options.bypass ?? false,
    });
  }
  return {
    output: createOutput(options.json ?? false, print),
    settings,
    async withBackend(work) {
      const backend = await open();
      try {
        return await work(backend);
      } finally {
        await backend.close();
      }
    },
  };
}

/** A variable that is set to nothing counts as not set. */
function given(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}

function addServe(program: Command, { env, cwd, print }: CommandEnvironment): void {
  const serve = program.command("serve").description("serve the API, until SIGTERM or Ctrl-C");
  serve.option("--config <file>", "settings file (INTERPOSE_CONFIG; default interpose.yaml, if there is one)");
  for (const { flag, kind, description, variable } of LEAVES) {
    serve.addOption(
      new Option(
        `${flag} <${kind === "list" ? "a,b" : kind === "record" ? "a=b" : kind}>`,
        `${description} (${variable})`,
      ),
    );
  }
  serve.addHelpText(
    "after",
    "\nFlags win over the environment, that over the settings file, that over the defaults.\n\nExample:\n  interpose serve --port 9000 --egress-allow 10.0.0.0/8",
  );
  serve.action(async (options: Readonly<Record<string, string | undefined>>) => {
    const flags = Object.fromEntries(LEAVES.map(({ path, flag }) => [path.join("."), options[attributeOf(flag)]]));
    const settings = loadSettings({ flags, env, cwd, configFile: options.config });
    const [{ serve: run }, { stopSignal }] = await Promise.all([import("./serve.ts"), import("./stop-signal.ts")]);
    await run(settings, { stop: stopSignal(), print });
  });
}

/** The name under which commander keeps a flag: `--data-dir` is `dataDir`. */
function attributeOf(flag: string): string {
  return new Option(flag).attributeName();
}
