import { isDeepStrictEqual } from "node:util";
import { InterposeError, type JsonObject } from "@interpose/engine";
import { functionNotFound, type FunctionCatalog } from "../functions/catalog.ts";
import type { FunctionRow } from "../store/sql/function-row.ts";
import { checkSchemas } from "../functions/rules.ts";
import { selectFunctions } from "../store/sql/select-functions.ts";
import { upsertFunction } from "../store/sql/upsert-function.ts";
import { appendOne, write, type CommandContext, type Write } from "./context.ts";

/** What changes of a function. What is undefined stays as it is; a schema that is null is taken away. */
export interface FunctionChanges {
  readonly description?: string | undefined;
  readonly inputSchema?: JsonObject | null | undefined;
  readonly replySchema?: JsonObject | null | undefined;
}

/** Changes a function that was declared over the API. When nothing would change, no event is added. Throws `function_not_found`, `function_fixed` or `function_invalid`. */
export async function updateFunction(
  context: CommandContext,
  catalog: FunctionCatalog,
  name: string,
  changes: FunctionChanges,
): Promise<void> {
  refuseFixed(catalog, name);
  checkSchemas({ input: changes.inputSchema ?? undefined, reply: changes.replySchema ?? undefined });
  await write(context, async (command) => {
    const stored = await storedFunction(command, context.instanceId, name);
    const changed = Object.fromEntries(
      Object.entries(changes).filter(
        ([field, value]) => value !== undefined && !isDeepStrictEqual(value, stored[field as keyof FunctionChanges]),
      ),
    );
    if (Object.keys(changed).length === 0) return;
    const details = await appendOne(command, {
      aggregateType: "function",
      aggregateId: name,
      type: "function.changed",
      payload: changed,
    });
    await upsertFunction(command.tx, context.instanceId, { ...stored, ...changed }, details);
  });
}

/** The stored function of a name. Throws `function_not_found`. */
export async function storedFunction({ tx }: Write, instanceId: string, name: string): Promise<FunctionRow> {
  const [stored] = await selectFunctions(tx, instanceId, [name]);
  if (!stored) throw functionNotFound(name);
  return stored;
}

/** Refuses to change what is not declared over the API. */
export function refuseFixed(catalog: FunctionCatalog, name: string): void {
  const fixed = catalog.fixed(name);
  if (!fixed) return;
  const text =
    fixed.origin === "builtin"
      ? `The function "${name}" is built in, and cannot be changed. Declare one of your own under another name.`
      : `The function "${name}" is declared in the settings of this server (functions). Change it there.`;
  throw new InterposeError("function_fixed", text);
}
