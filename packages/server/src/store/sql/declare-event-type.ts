import { onlyRow, type Transaction } from "../database.ts";
import { EVENT_TYPE_COLUMNS, type EventTypeRow } from "./event-type-row.ts";

/** Declares a type, or changes its description. */
export async function declareEventType(
  tx: Transaction,
  instanceId: string,
  { type, description, at }: { readonly type: string; readonly description: string; readonly at: Date },
): Promise<EventTypeRow> {
  const rows = await tx.query<EventTypeRow>({
    name: "declare-event-type",
    text: `insert into interpose.event_types as t (instance_id, type, description, declared_at) values ($1, $2, $3, $4)
           on conflict (instance_id, type) do update set description = excluded.description, declared_at = coalesce(t.declared_at, excluded.declared_at)
           returning ${EVENT_TYPE_COLUMNS}`,
    values: [instanceId, type, description, at],
  });
  return onlyRow(rows);
}
