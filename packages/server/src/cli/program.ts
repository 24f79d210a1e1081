import type { Transport } from "@connectrpc/connect";
import type { CommanderError } from "commander";
import { Command, Option } from "commander";
import { InterposeError } from "@interpose/engine";
import { readSettings, type ReadSettings } from "../config/index.ts";
import { VERSION } from "../version.ts";
import type { Backend } from "./backend.ts";
import type { CommandEnvironment, CommandTools, StoreUse } from "./command-tools.ts";
import { addActions } from "./actions/index.ts";
import { addCompletion } from "./completion/index.ts";
import { addDb } from "./db.ts";
import { addDeliveries } from "./deliveries/index.ts";
import { addDoctor } from "./doctor/index.ts";
import { addEvents } from "./events.ts";
import { addExecutions } from "./executions.ts";
import { EXIT_HELP } from "./exit-codes.ts";
import { addExplain } from "./explain.ts";
import { addFunctions } from "./functions.ts";
import { addListen } from "./listen/index.ts";
import { addInstance } from "./outbound.ts";
import { createOutput } from "./output.ts";
import { addRuns } from "./runs.ts";
import { addRehearse } from "./rehearse.ts";
import { addSchema } from "./schema.ts";
import { addGateway, addServe } from "./serve-commands.ts";
import { addSettings } from "./settings.ts";
import { addTargets } from "./targets/index.ts";
import { addTokens } from "./tokens.ts";
import { addTry } from "./try.ts";

const DEFAULT_URL = "http://127.0.0.1:8080";

/** Heading in the help of what all commands have that talk with a server or a store. */
export const SHARED_OPTIONS = "Options of all commands that talk with a server:";

/** Commands whose answers this program knows by itself. */
const ASKING_NOBODY: ReadonlySet<string> = new Set(["tokens permissions"]);

/** What --json does with commands that print one thing after the other. */
const JSON_LINES = "print one JSON document in each line";
const PRINTS_LINES: ReadonlySet<string> = new Set(["runs watch", "deliveries watch"]);

/** Commands that can go straight to the store. Each of them is a way back in for somebody who is locked out, or leads to one. */
const WITHOUT_SERVER: ReadonlySet<string> = new Set([
  ...["create", "list", "get", "revoke"].map((name) => `tokens ${name}`),
  ...["create", "list", "delete"].map((name) => `targets ${name}`),
  ...["set", "list", "get", "options", "delete"].map((name) => `executions ${name}`),
]);

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
  addGateway(program, environment);
  for (const [name, add] of [
    ["tokens", addTokens],
    ["targets", addTargets],
    ["executions", addExecutions],
    ["events", addEvents],
    ["functions", addFunctions],
    ["deliveries", addDeliveries],
    ["instance", addInstance],
    ["explain", addExplain],
    ["runs", addRuns],
  ] as const) {
    const group = program.command(name);
    add(group, tools, environment);
    for (const command of group.commands) {
      const path = `${name} ${command.name()}`;
      if (ASKING_NOBODY.has(path)) continue;
      addServerOptions(command, PRINTS_LINES.has(path) ? JSON_LINES : undefined);
      if (WITHOUT_SERVER.has(path)) addStoreOptions(command);
    }
  }
  addServerOptions(addTry(program, tools));
  addServerOptions(addRehearse(program, environment, tools), JSON_LINES);
  const listen = program.command("listen");
  addListen(listen, tools, environment);
  addServerOptions(listen, JSON_LINES);
  for (const command of addActions(program, tools)) {
    addServerOptions(command);
    addStoreOptions(command);
  }
  addDb(program.command("db"), tools);
  addDoctor(program.command("doctor"), tools);
  addSettings(program.command("settings"), tools);
  addSchema(program.command("schema"), environment.print);
  addCompletion(program, environment.print, (options) => toolsOf(options, environment));
  program
    .command("version")
    .description("print the version")
    .option("--json", "print one JSON document")
    .action((options: SharedOptions) =>
      createOutput(options.json ?? false, environment.print).answer({ version: VERSION }, () => VERSION),
    );
  return program;
}

/** Adds the options of commands that talk with a server. They stand behind the command, where people write them, and behind its own in the help. */
function addServerOptions(command: Command, json = "print one JSON document"): void {
  command
    .optionsGroup(SHARED_OPTIONS)
    .addOption(new Option("--url <url>", `server to talk to (INTERPOSE_URL; default ${DEFAULT_URL})`))
    .addOption(new Option("--token <token>", "token to send (INTERPOSE_TOKEN)"))
    .option("--bypass", "run no executions for this call; needs the permission execution.bypass")
    .option("--json", json);
}

/** Adds those of commands that can do without a server. */
function addStoreOptions(command: Command): void {
  command
    .option("--direct", "go straight to the store, without a server: works when locked out")
    .option(
      "--config <file>",
      "settings file, for --direct (INTERPOSE_CONFIG; default interpose.yaml, if there is one)",
    );
}

function toolsOf(options: SharedOptions, { env, cwd, print }: CommandEnvironment): CommandTools {
  const read = (): ReadSettings => readSettings({ flags: {}, env, cwd, configFile: options.config });
  const settings = (): ReadSettings["settings"] => read().settings;
  async function connect(): Promise<{ readonly transport: Transport; readonly url: string }> {
    const [url, token] = [givenUrl(options, env) ?? DEFAULT_URL, tokenOf(options, env)];
    const { connectTo } = await import("./connection.ts");
    return { transport: connectTo({ url, token, bypass: options.bypass ?? false }), url };
  }
  async function open(use: StoreUse): Promise<Backend> {
    if (options.direct) {
      const { openDirectBackend } = await import("./direct-backend.ts");
      return openDirectBackend(settings(), use);
    }
    const { openRemoteBackend } = await import("./remote-backend.ts");
    return openRemoteBackend((await connect()).transport);
  }
  return {
    output: createOutput(options.json ?? false, print),
    givenUrl: () => givenUrl(options, env),
    files: { cwd, env },
    settings,
    readSettings: read,
    async withBackend(work, use = {}) {
      const backend = await open(use);
      try {
        return await work(backend);
      } finally {
        await backend.close();
      }
    },
    async withServer(work) {
      if (options.direct)
        throw new InterposeError("bad_request", "--direct: only a server knows what is asked for. Leave it away.");
      const { transport, url } = await connect();
      return work(transport, { url });
    },
  };
}

function givenUrl(options: SharedOptions, env: CommandEnvironment["env"]): string | undefined {
  const url = options.url ?? given(env.INTERPOSE_URL);
  if (url === undefined) return undefined;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  const from = options.url === undefined ? "INTERPOSE_URL" : "--url";
  throw new InterposeError("bad_request", `${from}: "${url}" is no URL of a server. Write it like ${DEFAULT_URL}.`);
}

function tokenOf(options: SharedOptions, env: CommandEnvironment["env"]): string | undefined {
  const token = options.token ?? given(env.INTERPOSE_TOKEN);
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  // The text does not show it: what is nearly a token is a secret too.
  const from = options.token === undefined ? "INTERPOSE_TOKEN" : "--token";
  throw new InterposeError(
    "bad_request",
    `${from}: is empty, or has a space, a line break or another character in it that no token has.`,
  );
}

/** A variable that is set to nothing counts as not set. */
function given(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}
