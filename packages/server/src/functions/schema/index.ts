import type { JsonObject, JsonValue } from "@interpose/engine";
import { CheckTooCostly, createBudget } from "./budget.ts";
import { checkSchema } from "./check-schema.ts";
import { fits } from "./evaluate.ts";
import { pathOf, type Place } from "./place.ts";

export { MAX_SCHEMA_BYTES, SchemaFault } from "./check-schema.ts";

/** Most things that one check tells of. */
const MAX_MISFITS = 10;

/** Something in a value that breaks a rule of its schema. */
export interface Misfit {
  /** Where, such as `input.users[2].name`. */
  readonly path: string;
  /** Which rule, and what would be right. Never what was there, which may be a secret. */
  readonly rule: string;
}

/** A schema that values can be held against. */
export interface JsonSchema {
  /** What in a value breaks the schema; nothing where it fits. `name` is what paths begin with. */
  misfitsOf(value: JsonValue, name: string): readonly Misfit[];
}

/** Makes one of JSON Schema 2020-12. Throws SchemaFault. Whatever schema and value are, a check ends within some tenth of a second. */
export function createJsonSchema(source: JsonObject): JsonSchema {
  const schema = checkSchema(source);
  return {
    misfitsOf(value, name) {
      const misfits: Misfit[] = [];
      const root: Place = { above: undefined, part: name };
      const wrong = (at: Place, rule: string): false => {
        if (misfits.length < MAX_MISFITS) misfits.push({ path: pathOf(at), rule });
        return false;
      };
      try {
        fits(schema.root, value, root, { schema, budget: createBudget(), wrong });
      } catch (error) {
        if (!(error instanceof CheckTooCostly)) throw error;
        return [
          { path: name, rule: "takes too long to be held against the schema. Send less, or make the schema simpler" },
        ];
      }
      return misfits;
    },
  };
}
