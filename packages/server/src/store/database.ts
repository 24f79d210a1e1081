import pg from "pg";
import { InterposeError } from "@interpose/engine";
import { errorFromPostgres, isTransient } from "./errors.ts";
import { listenOn, type Subscription } from "./listen.ts";

/** Where a PostgreSQL is: a URL, or a socket with its credentials. */
export type ConnectionSettings =
  | { readonly url: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

/** Choices of a database. */
export interface DatabaseOptions {
  /** Most connections, without the ones that listen. */
  readonly maxConnections: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /**
   * Plans statements as for tables that are large, whatever they are when a plan is made and kept: rows are found by index. For statements that
   * touch few rows of tables which may be empty in one minute and have a million rows in the next. Default: false.
   */
  readonly plansByIndex: boolean;
  /** Does not wait for the disk at the end of a transaction: what was committed a moment before PostgreSQL is killed may be lost, and nothing else. Default: false. */
  readonly commitsLazily: boolean;
  /** Told when a connection that nobody uses is lost. */
  readonly onLost: (error: Error) => void;
}

/** A statement and its parameters. With a name, the server keeps its plan. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What can be asked: the database as a whole, or one transaction. */
export interface Queryable {
  query<Row extends object>(statement: Statement): Promise<readonly Row[]>;
}

/** A transaction that is open. */
export interface Transaction extends Queryable {
  readonly isTransaction: true;
}

/** A PostgreSQL database. */
export interface Database extends Queryable {
  /** Runs work in one transaction. It is rolled back when the work throws, and begun anew, a few times, when others were in its way. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs reads that see one and the same state. */
  snapshotRead<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Listens on a channel. `onEstablished` is called when a lost connection is back: what was told meanwhile is lost. */
  listen(channel: string, onPayload: (payload: string) => void, onEstablished: () => void): Promise<Subscription>;
  close(): Promise<void>;
}

/** Makes PostgreSQL plan as `plansByIndex` says. */
const PLAN_BY_INDEX =
  "set enable_seqscan = off; set enable_bitmapscan = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan";

const CONNECT_TIMEOUT_MS = 10_000;
/** Longest time of one statement. No statement of ours takes a second; a server that says nothing for so long is taken for lost. */
const QUERY_TIMEOUT_MS = 30_000;
const MOST_ATTEMPTS = 5;

/** Number of the type `int8` in PostgreSQL's catalog. */
const INT8: number = pg.types.builtins.INT8;
/** 64-bit integers as bigint; all else as `pg` has it, with timestamps as Date. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser(type, format): (text: string) => unknown {
    return (type as number) === INT8 ? BigInt : (pg.types.getTypeParser(type, format) as (text: string) => unknown);
  },
};

/** Opens a pool of connections. Nothing is connected yet: the first query does. */
export function createDatabase(connection: ConnectionSettings, options: Partial<DatabaseOptions> = {}): Database {
  const {
    maxConnections = 10,
    applicationName = "interpose",
    plansByIndex = false,
    commitsLazily = false,
    onLost = () => undefined,
  } = options;
  const config: pg.PoolConfig = {
    ...("url" in connection ? { connectionString: connection.url } : connection),
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: TYPES,
  };
  // The pool waits for it, though its types do not say so.
  const set = [...(plansByIndex ? [PLAN_BY_INDEX] : []), ...(commitsLazily ? ["set synchronous_commit = off"] : [])];
  const onConnect =
    set.length > 0 ? (client: pg.ClientBase): unknown => ask(client, { text: set.join("; ") }) : undefined;
  const pool = new pg.Pool({ ...config, max: maxConnections, idleTimeoutMillis: 30_000, onConnect });
  // A connection that failed and was given back for its end may fail once more, when nobody listens: that would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  // A pool that ends does not wait for its connections to be gone, and a PostgreSQL that is stopped next may still answer on them.
  pool.on("error", (error) => {
    if (!pool.ending) onLost(error);
  });

  async function inTransaction<T>(begin: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await connected(pool);
    let broken: Error | undefined;
    // A connection that breaks between two queries would otherwise be an unhandled error.
    const noteBroken = (error: Error): void => void (broken = error);
    client.on("error", noteBroken);
    try {
      await send(client, { text: begin, values: [] });
      const result = await work({ isTransaction: true, query: (statement) => send(client, statement) });
      await send(client, { text: "commit", values: [] });
      return result;
    } catch (error) {
      await ask(client, { text: "rollback" }).catch((rollbackError: Error) => (broken = rollbackError));
      throw error;
    } finally {
      client.off("error", noteBroken);
      client.release(broken);
    }
  }

  return {
    async query(statement) {
      const client = await connected(pool);
      let failed: Error | undefined;
      try {
        return await send(client, statement);
      } catch (error) {
        failed = error as Error;
        throw error;
      } finally {
        client.release(failed);
      }
    },
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await inTransaction("begin", work);
        } catch (error) {
          if (attempt >= MOST_ATTEMPTS || !isTransient(error)) throw error;
        }
      }
    },
    snapshotRead: (work) => inTransaction("begin isolation level repeatable read, read only", work),
    listen: (channel, onPayload, onEstablished) =>
      listenOn({ ...config, query_timeout: QUERY_TIMEOUT_MS }, channel, onPayload, onEstablished),
    close: () => pool.end(),
  };
}

async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw errorFromPostgres(error);
  }
}

async function send<Row extends object>(
  client: pg.ClientBase,
  { name, text, values }: Statement,
): Promise<readonly Row[]> {
  try {
    const { rows } = await ask(client, { ...(name !== undefined && { name }), text, values: [...values] });
    return rows as readonly Row[];
  } catch (error) {
    throw errorFromPostgres(error);
  }
}

/**
 * Asks by `pg`'s callback, with a limit of time of our own. Where `pg` makes a promise or keeps the limit (`query_timeout`), it sets a property of the query to a function literal. V8 makes
 * such a function old from the start, so that all parameters and rows of each query stay until all of the heap is collected.
 */
function ask(client: pg.ClientBase, query: pg.QueryConfig): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("query read timeout")), QUERY_TIMEOUT_MS);
    client.query(query, (error: Error | null, result: pg.QueryResult) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** The one row that a statement is known to answer. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new InterposeError("internal", `a statement answered ${rows.length} rows in place of one`);
  return row;
}
