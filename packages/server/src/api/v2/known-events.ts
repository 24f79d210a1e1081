import { InterposeError, type Condition } from "@interpose/engine";
import type { ApiContext } from "../context.ts";

/** Refuses a condition on a type of events that is not known, or on a group that no known type belongs to. */
export async function refuseUnknownEvents(condition: Condition, api: ApiContext, instanceId: string): Promise<void> {
  if (condition.kind !== "event" || condition.match.kind === "all") return;
  const { match } = condition;
  const types = await api.eventTypes(instanceId);
  if (match.kind === "type") {
    if (types.includes(match.type)) return;
    throw unknown(`There is no type of events "${match.type}".`, "COMMAND-74aaqj8fv9");
  }
  // Whole segments: "user" is a group of "user.added", and not of "username.changed".
  if (types.some((type) => type.startsWith(`${match.group}.`))) return;
  throw unknown(`There is no type of events in a group "${match.group}".`, "COMMAND-er5oneb5lz");
}

function unknown(what: string, id: string): InterposeError {
  const remedy = "Declare the type or publish such an event first; ListEventTypes names those that are known.";
  return new InterposeError("condition_unknown", `${what} ${remedy}`, { id, key: "Errors.Execution.ConditionInvalid" });
}
