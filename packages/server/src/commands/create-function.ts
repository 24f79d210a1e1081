import { InterposeError } from "@interpose/engine";
import type { FunctionCatalog } from "../functions/catalog.ts";
import { faultOfFunctionName, type FunctionDeclaration } from "../functions/declaration.ts";
import { checkSchemas, functionInvalid } from "../functions/rules.ts";
import { selectFunctions } from "../store/sql/select-functions.ts";
import { upsertFunction } from "../store/sql/upsert-function.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/** Declares a function. Throws `function_invalid`, or `function_exists` when the name is taken, be it by one that is declared elsewhere. */
export async function createFunction(
  context: CommandContext,
  catalog: FunctionCatalog,
  declaration: FunctionDeclaration,
): Promise<void> {
  const { name, description } = declaration;
  const fault = faultOfFunctionName(name);
  if (fault !== undefined) throw functionInvalid("name", fault);
  checkSchemas(declaration);
  const stored = { name, description, inputSchema: declaration.input ?? null, replySchema: declaration.reply ?? null };
  await write(context, async (command) => {
    const [holder] = await selectFunctions(command.tx, context.instanceId, [name]);
    if (holder || catalog.fixed(name)) throw functionExists(name, catalog);
    const { name: _name, ...payload } = stored;
    const details = await appendOne(command, {
      aggregateType: "function",
      aggregateId: name,
      type: "function.declared",
      payload,
    });
    await upsertFunction(command.tx, context.instanceId, stored, details);
  });
}

function functionExists(name: string, catalog: FunctionCatalog): InterposeError {
  const where = { builtin: ", which is built in", settings: ", in the settings of this server", api: "" };
  const text = `There is a function "${name}" already${where[catalog.fixed(name)?.origin ?? "api"]}. Choose another name.`;
  return new InterposeError("function_exists", text, {
    violations: [{ field: "function.name", description: "is taken" }],
  });
}
