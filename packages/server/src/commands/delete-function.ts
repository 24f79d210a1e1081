import { InterposeError } from "@interpose/engine";
import type { FunctionCatalog } from "../functions/catalog.ts";
import { deleteFunction as deleteFunctionRow } from "../store/sql/delete-function.ts";
import { selectExistingExecutionIds } from "../store/sql/select-existing-execution-ids.ts";
import { appendOne, write, type CommandContext } from "./context.ts";
import { refuseFixed, storedFunction } from "./update-function.ts";

/**
 * Removes a function that was declared over the API. Throws `function_not_found`, `function_fixed`, or `function_in_use` while an execution is set on it: who declares
 * the same name anew should not meet the targets of before.
 */
export async function deleteFunction(context: CommandContext, catalog: FunctionCatalog, name: string): Promise<void> {
  refuseFixed(catalog, name);
  await write(context, async (command) => {
    await storedFunction(command, context.instanceId, name);
    const [execution] = await selectExistingExecutionIds(command.tx, context.instanceId, [`function/${name}`]);
    if (execution !== undefined) {
      throw new InterposeError(
        "function_in_use",
        `An execution is set on the function "${name}". Delete the execution "${execution}" first.`,
      );
    }
    await appendOne(command, {
      aggregateType: "function",
      aggregateId: name,
      type: "function.removed",
      payload: {},
    });
    await deleteFunctionRow(command.tx, context.instanceId, name);
  });
}
