import { InterposeError } from "@interpose/engine";
import { deleteEventType as deleteEventTypeRow } from "../store/sql/delete-event-type.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/** Forgets a type of events, declared or learned. Its events stay, and so do executions on it. Throws `event_type_not_found`. */
export async function deleteEventType(context: CommandContext, type: string): Promise<void> {
  await write(context, async (command) => {
    if (!(await deleteEventTypeRow(command.tx, context.instanceId, type))) {
      throw new InterposeError(
        "event_type_not_found",
        `There is no type of events "${type}" to forget. List the event types to see those that are known.`,
      );
    }
    await appendOne(command, {
      aggregateType: "event_type",
      aggregateId: type,
      type: "event_type.removed",
      payload: {},
    });
  });
}
