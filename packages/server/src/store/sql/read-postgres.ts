import { onlyRow, type Queryable } from "../database.ts";

/** What a PostgreSQL says of itself. */
export interface PostgresFacts {
  /** Such as `18.1`. */
  readonly version: string;
  /** Such as 180001. */
  readonly versionNumber: number;
  /** Connections that it takes from those who are no superusers. */
  readonly maxConnections: number;
  /** Connections that there are now, of everybody. */
  readonly connections: number;
  readonly now: Date;
}

/** Reads what a PostgreSQL says of itself. */
export async function readPostgres(db: Queryable): Promise<PostgresFacts> {
  const rows = await db.query<PostgresFacts>({
    text: `select current_setting('server_version') as version, current_setting('server_version_num')::int as "versionNumber",
             current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0) as "maxConnections",
             (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
             clock_timestamp() as now`,
    values: [],
  });
  return onlyRow(rows);
}
