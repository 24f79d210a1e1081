import type { Queryable } from "../database.ts";
import type { EventTypeRow } from "./event-type-row.ts";

/** From where a type of events is known. */
export type EventTypeKind = "own" | "declared" | "learned";

/** A type of events that is known. */
export interface KnownEventType extends EventTypeRow {
  readonly kind: EventTypeKind;
}

/** Which types to list. */
export interface EventTypePage {
  /** Types of Interpose's own events. */
  readonly own: readonly string[];
  /** Types that the settings declare. */
  readonly declared: readonly string[];
  /** Undefined: all. */
  readonly limit: number | undefined;
  /** The type that the page before ended with. */
  readonly after: string | undefined;
}

/** Lists the types of events that are known, by name. */
export function listEventTypes(
  db: Queryable,
  instanceId: string,
  { own, declared, limit, after }: EventTypePage,
): Promise<readonly KnownEventType[]> {
  return db.query<KnownEventType>({
    name: "list-event-types",
    text: `with stored as (
             select * from interpose.event_types where instance_id = $1
           ), named as (
             select unnest($2::text[]) as type, 'own' as kind
             union all
             select distinct unnest($3::text[]), 'declared'
           )
           select type, coalesce(named.kind, case when stored.declared_at is null then 'learned' else 'declared' end) as kind,
             coalesce(stored.description, '') as description, stored.declared_at as "declaredAt", stored.first_published_at as "firstPublishedAt"
           from named full join stored using (type)
           where $4::text is null or type collate "C" > $4
           order by type collate "C"
           limit $5`,
    values: [instanceId, own, declared, after ?? null, limit ?? null],
  });
}
