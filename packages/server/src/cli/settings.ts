import type { Command } from "commander";
import { maskedSettings } from "../config/index.ts";
import type { CommandTools } from "./command-tools.ts";
import { table } from "./output.ts";

/** Origin of a setting that nobody gave. */
const DEFAULT = "default";

/** Adds `settings`. */
export function addSettings(command: Command, toolsOf: (command: Command) => CommandTools): void {
  command
    .description("show the settings that serve would have, and where each comes from; secrets are masked")
    .option("--config <file>", "settings file (INTERPOSE_CONFIG; default interpose.yaml, if there is one)")
    .option("--given", "only those that were given, and not those that have their default")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  interpose settings --given\n  interpose settings --config production.yaml --json",
    )
    .action(({ given = false }: { readonly given?: boolean }, self: Command) => {
      const { output, readSettings } = toolsOf(self);
      const { settings, origins, file } = readSettings();
      const shown = maskedSettings(settings)
        .map(({ path, value }) => ({ path, value, from: origins.get(path) ?? DEFAULT }))
        .filter(({ from }) => !given || from !== DEFAULT);
      output.answer({ file, settings: shown }, () =>
        table(
          ["SETTING", "VALUE", "FROM"],
          shown.map(({ path, value, from }) => [path, textOf(value), from]),
          "No setting was given: all have their defaults.",
        ),
      );
    });
}

/** A value as it stands in a table: lists as a variable has them, and what has parts as JSON. */
function textOf(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}
