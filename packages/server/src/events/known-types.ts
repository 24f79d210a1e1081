import type { Queryable } from "../store/database.ts";
import { listEventTypes } from "../store/sql/list-event-types.ts";
import { OWN_EVENT_TYPES } from "./own-events.ts";

/** All types of events that are known, by name: Interpose's own, those that were declared, by the API or in the settings, and those that were published. */
export async function knownEventTypes(
  db: Queryable,
  instanceId: string,
  declaredInSettings: readonly string[],
): Promise<readonly string[]> {
  const page = { own: OWN_EVENT_TYPES, declared: declaredInSettings, limit: undefined, after: undefined };
  return (await listEventTypes(db, instanceId, page)).map(({ type }) => type);
}
