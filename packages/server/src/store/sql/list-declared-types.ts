import type { Queryable } from "../database.ts";
import { EVENT_TYPE_COLUMNS, type EventTypeRow } from "./event-type-row.ts";

/** A type of events that was declared. */
export type DeclaredTypeRow = EventTypeRow & { readonly declaredAt: Date };

/** All types of events that were declared over the API, by name. */
export function listDeclaredTypes(db: Queryable, instanceId: string): Promise<readonly DeclaredTypeRow[]> {
  return db.query<DeclaredTypeRow>({
    name: "list-declared-types",
    text: `select ${EVENT_TYPE_COLUMNS} from interpose.event_types
           where instance_id = $1 and declared_at is not null order by type collate "C"`,
    values: [instanceId],
  });
}
