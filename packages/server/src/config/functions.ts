import { z } from "zod";
import { BUILTIN_FUNCTIONS } from "../functions/builtin.ts";
import { faultOfFunctionName, MAX_DESCRIPTION_LENGTH } from "../functions/declaration.ts";
import { faultOfSchema } from "../functions/rules.ts";

const jsonSchema = (what: string) =>
  z.record(z.string(), z.json()).optional().describe(`JSON Schema (2020-12) of what ${what}`);

/** Functions of the settings, each with a name of its own, and with schemas that can be used. */
export const functionsSchema = z
  .array(
    z.strictObject({
      name: z.string().describe("name of the function"),
      description: z.string().max(MAX_DESCRIPTION_LENGTH).default("").describe("what it is for"),
      input: jsonSchema("an input must be"),
      reply: jsonSchema("the replies of its targets must come to"),
    }),
  )
  .superRefine((functions, context) => {
    const names = new Set<string>();
    for (const [i, given] of functions.entries()) {
      const problem = (field: string, message: string): void =>
        context.addIssue({ code: "custom", path: [i, field], message: message.replace(/\.$/, "") });
      const fault = faultOfFunctionName(given.name);
      if (fault !== undefined) problem("name", fault);
      else if (BUILTIN_FUNCTIONS.has(given.name)) problem("name", `"${given.name}" is built in. Choose another name`);
      else if (names.has(given.name)) problem("name", `"${given.name}" is there twice. Choose another name`);
      names.add(given.name);
      for (const which of ["input", "reply"] as const) {
        const schema = given[which];
        const wrong = schema && faultOfSchema(schema);
        if (wrong !== undefined) problem(which, wrong);
      }
    }
  })
  .default([]);
