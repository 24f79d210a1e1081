import type { Queryable } from "../database.ts";
import { logCondition, type LogFilter } from "./log-filter.ts";

/** A place in the log that has an event, of whatever instance. */
export interface LogPlace {
  readonly position: bigint;
  /** Whether the event is one of the instance's that the filter is for. */
  readonly matches: boolean;
}

/** An event with what targets are told of it. */
export interface LoggedEvent {
  readonly position: bigint;
  readonly sequence: bigint;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly creator: string;
  /** A JSON object, as text. */
  readonly payload: string;
  readonly resourceOwner: string | null;
  readonly version: string;
  readonly createdAt: Date;
}

/** The first places behind `after`, at most `limit`, in the order of the log. */
export function readLogPlaces(
  db: Queryable,
  instanceId: string,
  { after, limit, filter }: { readonly after: bigint; readonly limit: number; readonly filter: LogFilter },
): Promise<readonly LogPlace[]> {
  const values: unknown[] = [after, limit];
  const condition = logCondition(instanceId, filter, (value) => `$${values.push(value)}`);
  return db.query<LogPlace>({
    text: `select e.position, ${condition} as matches from interpose.events e where e.position > $1 order by e.position limit $2`,
    values,
  });
}

/** Counts the events that match among the first `limit` places behind `after`. */
export async function countLogPlaces(
  db: Queryable,
  instanceId: string,
  { after, limit, filter }: { readonly after: bigint; readonly limit: number; readonly filter: LogFilter },
): Promise<{ readonly count: number; readonly hasMore: boolean }> {
  const values: unknown[] = [after, limit];
  const condition = logCondition(instanceId, filter, (value) => `$${values.push(value)}`);
  const [row] = await db.query<{ matching: bigint; places: bigint }>({
    text: `select count(*) filter (where ${condition}) as matching, count(*) as places
           from (select * from interpose.events where position > $1 order by position limit $2) as e`,
    values,
  });
  return { count: Number(row?.matching ?? 0), hasMore: Number(row?.places ?? 0) >= limit };
}

/** The events at some places, in the order of the log. */
export function readLoggedEvents(db: Queryable, positions: readonly bigint[]): Promise<readonly LoggedEvent[]> {
  return db.query<LoggedEvent>({
    name: "read-logged-events",
    text: `select position, sequence, type as "eventType", aggregate_type as "aggregateType", aggregate_id as "aggregateId", creator,
             payload::text as payload, resource_owner as "resourceOwner", version, created_at as "createdAt"
           from interpose.events where position = any ($1::bigint[]) order by position`,
    values: [positions],
  });
}

/** The last place that has an event, and the last one that was ever given to one. 0: none. */
export async function readLogEnd(db: Queryable): Promise<{ readonly last: bigint; readonly given: bigint }> {
  const [row] = await db.query<{ last: bigint; given: bigint }>({
    name: "read-log-end",
    text: `select coalesce(max(position), 0) as last,
             coalesce(pg_sequence_last_value('interpose.events_position_seq'), 0) as given from interpose.events`,
    values: [],
  });
  return row ?? { last: 0n, given: 0n };
}

/**
 * The transactions that may have appended events and are not over. A place in the log is given to an event while its transaction holds the lock that each one
 * who inserts into a table has; that lock goes with the end of the transaction.
 */
export async function readLogWriters(db: Queryable): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>({
    name: "read-log-writers",
    text: `select virtualtransaction as id from pg_locks
           where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
             and database = (select oid from pg_database where datname = current_database())
             and relation = 'interpose.events'::regclass`,
    values: [],
  });
  return new Set(rows.map(({ id }) => id));
}
