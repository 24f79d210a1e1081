import { faultOfJson, InterposeError, MessageMismatch, type JsonObject } from "@interpose/engine";
import type { FunctionDeclaration, KnownFunction } from "./declaration.ts";
import { createJsonSchema, SchemaFault } from "./schema/index.ts";

/** What holds for the invocations of one function. */
export interface FunctionRules {
  /** Throws `function_input_invalid`, which names each place where the input breaks the schema. */
  checkInput(input: JsonObject): void;
  /** The output that a function answers of what replies have come to. Throws MessageMismatch where that breaks the schema. */
  outputOf(merged: JsonObject): JsonObject;
}

/** Most functions whose rules are kept. */
const MOST_KEPT = 1_000;

/** Keeps the rules of functions once they are made, by the state that each function is in. */
export function createRulesByFunction(): (instanceId: string, known: KnownFunction) => FunctionRules {
  const kept = new Map<string, { readonly sequence: bigint | undefined; readonly rules: FunctionRules }>();
  return (instanceId, known) => {
    const key = `${instanceId} ${known.name}`;
    const sequence = known.stored?.sequence;
    const found = kept.get(key);
    if (found?.sequence === sequence && found) return found.rules;
    const rules = rulesOf(known);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, { sequence, rules });
    return rules;
  };
}

function rulesOf(known: KnownFunction): FunctionRules {
  const { name } = known;
  checkSchemas(known);
  const [input, reply] = [known.input, known.reply].map((schema) => schema && createJsonSchema(schema));
  return {
    checkInput(given) {
      const fault = faultOfJson(given, "input");
      if (fault !== undefined) throw new InterposeError("function_input_invalid", `${fault}. Send JSON that fits.`);
      const misfits = input?.misfitsOf(given, "input") ?? [];
      if (misfits.length === 0) return;
      const violations = misfits.map(({ path, rule }) => ({ field: path, description: rule }));
      const text = misfits.map(({ path, rule }) => `${path} ${rule}`).join("; ");
      throw new InterposeError("function_input_invalid", `The input does not fit the function "${name}": ${text}.`, {
        violations,
      });
    },
    outputOf(merged) {
      const output = known.origin === "builtin" ? withKnownKeys(merged, known.reply) : merged;
      const [misfit] = reply?.misfitsOf(output, "reply") ?? [];
      if (misfit) throw new MessageMismatch(`${misfit.path} ${misfit.rule}`);
      return output;
    },
  };
}

/** What a built-in function's callers know what to do with. As in Go, whose JSON the contract is written in, null stands for nothing. */
function withKnownKeys(output: JsonObject, schema: JsonObject | undefined): JsonObject {
  if (!schema) return output;
  const keys = Object.keys(schema.properties as JsonObject);
  return Object.fromEntries(Object.entries(output).filter(([key, value]) => keys.includes(key) && value !== null));
}

/** Why a schema cannot be one of a function; undefined when it can. */
export function faultOfSchema(schema: JsonObject): string | undefined {
  try {
    createJsonSchema(schema);
    return undefined;
  } catch (error) {
    if (error instanceof SchemaFault) return error.message;
    throw error;
  }
}

/** Refuses schemas that cannot be used. Throws `function_invalid`. */
export function checkSchemas({ input, reply }: Pick<FunctionDeclaration, "input" | "reply">): void {
  for (const [field, schema] of Object.entries({ input_schema: input, reply_schema: reply })) {
    const fault = schema && faultOfSchema(schema);
    if (fault !== undefined) throw functionInvalid(field, fault);
  }
}

/** The refusal of a declaration, for one of its fields. */
export function functionInvalid(field: string, description: string): InterposeError {
  const path = `function.${field}`;
  return new InterposeError("function_invalid", `${path}: ${description}`, {
    violations: [{ field: path, description }],
  });
}
