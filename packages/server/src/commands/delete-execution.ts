import { conditionId, InterposeError, type Condition } from "@interpose/engine";
import type { Details } from "../store/records.ts";
import { deleteExecution as deleteExecutionRow } from "../store/sql/delete-execution.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/**
 * Deletes the execution of a condition. Executions that include it keep their entry, which then stands for nothing.
 * Throws `execution_not_found`.
 */
export async function deleteExecution(context: CommandContext, condition: Condition): Promise<Details> {
  const id = conditionId(condition);
  return write(context, async (command) => {
    if (!(await deleteExecutionRow(command.tx, context.instanceId, id))) throw executionNotFound(id);
    return appendOne(command, { aggregateType: "execution", aggregateId: id, type: "execution.removed", payload: {} });
  });
}

/** The refusal to delete an execution that is not there. */
export function executionNotFound(id: string): InterposeError {
  return new InterposeError(
    "execution_not_found",
    `There is no execution for "${id}". List the executions to see what is set.`,
    {
      id: "COMMAND-suq2upd3rt",
      key: "Errors.Execution.NotFound",
    },
  );
}
