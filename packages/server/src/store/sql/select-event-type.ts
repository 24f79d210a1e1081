import type { Queryable } from "../database.ts";
import { EVENT_TYPE_COLUMNS, type EventTypeRow } from "./event-type-row.ts";

/** One type of events that others publish. */
export async function selectEventType(
  db: Queryable,
  instanceId: string,
  type: string,
): Promise<EventTypeRow | undefined> {
  const [row] = await db.query<EventTypeRow>({
    name: "select-event-type",
    text: `select ${EVENT_TYPE_COLUMNS} from interpose.event_types where instance_id = $1 and type = $2`,
    values: [instanceId, type],
  });
  return row;
}
