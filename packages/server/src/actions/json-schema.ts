import { z } from "zod";
import { actionsSchema } from "./schema.ts";

/** JSON Schema of documents of actions, for editors: draft 7, which they know best. It says less than is checked: what texts must look like, and what must not be there twice, is left out. */
export function actionsJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(actionsSchema, { io: "input", target: "draft-7" });
  return { $schema, title: "actions.yaml of Interpose", ...schema };
}
