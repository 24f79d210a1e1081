import type { Command } from "commander";

/** Adds `schema config|actions`. */
export function addSchema(schema: Command, print: (text: string) => void): void {
  schema.description("print JSON Schemas, by which editors check and complete files");

  schema
    .command("config")
    .description("print the JSON Schema of interpose.yaml")
    .addHelpText("after", "\nExample:\n  interpose schema config > interpose.schema.json")
    .action(async () => {
      const { settingsJsonSchema } = await import("../config/json-schema.ts");
      print(`${JSON.stringify(settingsJsonSchema(), undefined, 2)}\n`);
    });

  schema
    .command("actions")
    .description("print the JSON Schema of documents for plan and apply")
    .addHelpText(
      "after",
      "\nExample:\n  interpose schema actions > actions.schema.json\n\nThen begin a document with:\n  # yaml-language-server: $schema=./actions.schema.json",
    )
    .action(async () => {
      const { actionsJsonSchema } = await import("../actions/json-schema.ts");
      print(`${JSON.stringify(actionsJsonSchema(), undefined, 2)}\n`);
    });
}
