import type { Command } from "commander";

/** Adds `schema config`. */
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
}
