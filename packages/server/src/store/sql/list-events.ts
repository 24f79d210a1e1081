import type { Queryable } from "../database.ts";
import { EVENT_COLUMNS, type EventRow } from "./event-row.ts";

/** A page of events. What is undefined is no condition. */
export interface EventPage {
  readonly limit: number;
  /** The event that the page before ended with. */
  readonly before: bigint | undefined;
  readonly type: string | undefined;
  readonly aggregateType: string | undefined;
  readonly aggregateId: string | undefined;
  /** The first time that counts. */
  readonly from: Date | undefined;
  /** The first time that counts no longer. */
  readonly to: Date | undefined;
  /** Positions among which those of these times are, by which they are found fast (`ids-of-times.ts`). */
  readonly positions: { readonly from: bigint; readonly to: bigint } | undefined;
  /** Types of aggregates whose events are left out. */
  readonly without: readonly string[];
}

/** Lists events, newest first. */
export function listEvents(db: Queryable, instanceId: string, page: EventPage): Promise<readonly EventRow[]> {
  const values: unknown[] = [instanceId];
  const where = ["instance_id = $1"];
  // Only what is asked for stands in the statement, so that it is planned by the index that fits.
  const condition = (value: unknown, write: (parameter: string) => string): void => {
    if (value !== undefined) where.push(write(`$${values.push(value)}`));
  };
  condition(page.before, (position) => `position < ${position}`);
  condition(page.type, (type) => `type = ${type}`);
  condition(page.aggregateType, (type) => `aggregate_type = ${type}`);
  condition(page.aggregateId, (id) => `aggregate_id = ${id}`);
  condition(page.from, (time) => `created_at >= ${time}`);
  condition(page.to, (time) => `created_at < ${time}`);
  condition(page.positions?.from, (position) => `position >= ${position}`);
  condition(page.positions?.to, (position) => `position < ${position}`);
  condition(page.without.length > 0 ? page.without : undefined, (types) => `aggregate_type <> all (${types}::text[])`);
  return db.query<EventRow>({
    text: `select ${EVENT_COLUMNS} from interpose.events where ${where.join(" and ")} order by position desc limit $${values.push(page.limit)}`,
    values,
  });
}
