import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { LEAVES, readSettings, type Leaf, type Settings } from "../config/index.ts";
import type { CommandEnvironment } from "./command-tools.ts";

/** Adds `serve`: each setting is a flag of it. */
export function addServe(program: Command, environment: CommandEnvironment): void {
  const command = program.command("serve").description("serve the API, until SIGTERM or Ctrl-C");
  command.option("--config <file>", "settings file (INTERPOSE_CONFIG; default interpose.yaml, if there is one)");
  for (const leaf of LEAVES) command.addOption(settingOption(leaf, leaf.flag));
  command.addHelpText(
    "after",
    "\nFlags win over the environment, that over the settings file, that over the defaults.\n\nExample:\n  interpose serve --port 9000 --egress-allow 10.0.0.0/8",
  );
  serveWith(command, environment, ({ flag }) => flag);
}

/** Adds `gateway`: `serve` for one gateway, whose settings go without its name here. Other settings come from the environment or the file. */
export function addGateway(program: Command, environment: CommandEnvironment): void {
  const command = program.command("gateway").description("serve, with a gateway before an API");
  const flagOf = ({ flag, path }: Leaf): string | undefined =>
    path[0] === "gateway" && path.length > 1 ? flag.replace(/^--gateway-/, "--") : undefined;
  for (const leaf of LEAVES) {
    const flag = flagOf(leaf);
    if (flag !== undefined) command.addOption(settingOption(leaf, flag));
  }
  command.option("--config <file>", "settings file (INTERPOSE_CONFIG; default interpose.yaml, if there is one)");
  command.addHelpText(
    "after",
    "\nAll other settings are those of serve, by their variables or in the settings file.\n\nExample:\n  interpose gateway --upstream http://127.0.0.1:9000 --listen 8081\n  interpose gateway --upstream http://127.0.0.1:9000 --listen 8081 --descriptors api.binpb",
  );
  serveWith(command, environment, flagOf, ({ gateway, gateways }) => {
    if (gateway || gateways.length > 0) return;
    throw new InterposeError("settings_invalid", "There is no gateway. Give it an --upstream, and where to --listen.");
  });
}

function settingOption({ kind, description, variable, choices }: Leaf, flag: string): Option {
  const option = new Option(`${flag} <${FORMS[kind]}>`, `${description} (${variable})`);
  // For help and completion. What is none of them is refused with the place that it came from, as all settings are.
  if (choices && kind !== "list") option.argChoices = [...choices];
  return option;
}

const FORMS: Readonly<Record<Leaf["kind"], string>> = {
  text: "text",
  number: "number",
  boolean: "boolean",
  list: "a,b",
  record: "a=b",
  json: "json",
};

function serveWith(
  command: Command,
  { env, cwd, print }: CommandEnvironment,
  flagOf: (leaf: Leaf) => string | undefined,
  check: (settings: Settings) => void = () => undefined,
): void {
  command.action(async (options: Readonly<Record<string, string | undefined>>) => {
    const flags = Object.fromEntries(
      LEAVES.flatMap((leaf) => {
        const flag = flagOf(leaf);
        return flag === undefined ? [] : [[leaf.path.join("."), options[attributeOf(flag)]]];
      }),
    );
    const read = readSettings({ flags, env, cwd, configFile: options.config });
    check(read.settings);
    const [{ serve: run }, { stopSignal }] = await Promise.all([
      import("./serve-until-stopped.ts"),
      import("./stop-signal.ts"),
    ]);
    await run(read, { stop: stopSignal(), print });
  });
}

/** The name under which commander keeps a flag: `--data-dir` is `dataDir`. */
function attributeOf(flag: string): string {
  return new Option(flag).attributeName();
}
