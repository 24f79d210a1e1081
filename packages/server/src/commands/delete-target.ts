import { InterposeError } from "@interpose/engine";
import type { Details } from "../store/records.ts";
import { deleteExecution } from "../store/sql/delete-execution.ts";
import { deleteTarget as deleteTargetRow } from "../store/sql/delete-target.ts";
import { removeTargetFromExecutions } from "../store/sql/remove-target-from-executions.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { write, type CommandContext } from "./context.ts";

/**
 * Deletes a target and its entries in all executions. An execution that is left with no entry is deleted with it, by an event of
 * its own: kept without targets, it could neither run nor be listed as anything that makes sense. Throws `target_not_found`.
 */
export async function deleteTarget(context: CommandContext, id: string): Promise<Details> {
  return write(context, async ({ tx, append }) => {
    const stored = await selectTarget(tx, context.instanceId, id);
    if (!stored) {
      throw new InterposeError(
        "target_not_found",
        `There is no target "${id}" to delete. List the targets to see their ids.`,
        {
          id: "COMMAND-k4s7ucu0ax",
          key: "Errors.Target.NotFound",
        },
      );
    }
    const { touched, emptied } = await removeTargetFromExecutions(tx, context.instanceId, id);
    const [details] = await append([
      {
        aggregateType: "target",
        aggregateId: id,
        type: "target.removed",
        payload: { name: stored.name, executions: touched },
      },
      ...emptied.map((executionId) => ({
        aggregateType: "execution" as const,
        aggregateId: executionId,
        type: "execution.removed" as const,
        payload: { lastTarget: id },
      })),
    ]);
    for (const executionId of emptied) await deleteExecution(tx, context.instanceId, executionId);
    await deleteTargetRow(tx, context.instanceId, id);
    if (!details) throw new Error("the event of a deleted target came back without details");
    return details;
  });
}
