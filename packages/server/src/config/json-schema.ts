import { z } from "zod";
import { settingsSchema } from "./schema.ts";

/** A JSON Schema, as JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (2020-12) of `interpose.yaml`, for editors: types, bounds, defaults and meanings as the schema of the settings has them, and secrets as `writeOnly`. What no
 * schema can say, such as which names of functions are taken, a start checks beyond it.
 */
export function settingsJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(settingsSchema, {
    target: "draft-2020-12",
    // What stands in a file: what has a default may be missing.
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      // Left out by zod where what is given may be spelled in several ways.
      if (zodSchema instanceof z.ZodDefault)
        jsonSchema.default ??= zodSchema.def.defaultValue as typeof jsonSchema.default;
      adapt(jsonSchema);
    },
  });
  return { $schema, title: "interpose.yaml", description: "Settings of an Interpose server.", ...schema };
}

/** Makes marks of our own into what an editor knows. Done twice, it is the same. */
function adapt(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.secret === true) schema.writeOnly = true;
  delete schema.secret;
  delete schema.whole;
  const numbers = (schema.enum ?? [])
    .filter((each) => typeof each === "string" && /^\d+(\.\d+)?$/.test(each))
    .map(Number);
  if (numbers.length === 0) return;
  // YAML reads 1.1 and 2 as numbers, where a version is meant.
  schema.enum = [...new Set([...(schema.enum ?? []), ...numbers])];
  delete schema.type;
}
