import { eventInvalid } from "../events/new-event.ts";
import { faultOfEventType } from "../events/names.ts";
import { declareEventType as declareEventTypeRow } from "../store/sql/declare-event-type.ts";
import type { EventTypeRow } from "../store/sql/event-type-row.ts";
import { selectEventType } from "../store/sql/select-event-type.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/** Declares a type of events, or changes its description. When nothing would change, no event is added. Throws `event_invalid`. */
export async function declareEventType(
  context: CommandContext,
  type: string,
  description: string,
): Promise<EventTypeRow> {
  const fault = faultOfEventType(type);
  if (fault !== undefined) throw eventInvalid("type", fault);
  return write(context, async (command) => {
    const stored = await selectEventType(command.tx, context.instanceId, type);
    if (stored?.declaredAt && stored.description === description) return stored;
    const { changedAt: at } = await appendOne(command, {
      aggregateType: "event_type",
      aggregateId: type,
      type: "event_type.declared",
      payload: { description },
    });
    return declareEventTypeRow(command.tx, context.instanceId, { type, description, at });
  });
}
