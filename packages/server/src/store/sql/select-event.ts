import type { Queryable } from "../database.ts";
import { EVENT_COLUMNS, type EventRow } from "./event-row.ts";

/** One event, by its position. */
export async function selectEvent(db: Queryable, instanceId: string, position: bigint): Promise<EventRow | undefined> {
  const [row] = await db.query<EventRow>({
    name: "select-event",
    text: `select ${EVENT_COLUMNS} from interpose.events where instance_id = $1 and position = $2`,
    values: [instanceId, position],
  });
  return row;
}
