import pg from "pg";
import { InterposeError } from "@interpose/engine";
import type { ConnectionSettings } from "../database.ts";

/** Key of the advisory lock that says who owns a data directory. */
const OWNER_LOCK = 7_103_112_906;

/** A held data directory. */
export interface Ownership {
  /** Settles when the connection that holds the lock is lost: PostgreSQL died, or someone ended the connection. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock that says who owns the data directory. It lives in the PostgreSQL of that directory, on a connection of its own, and so ends
 * with this process, however that ends. Answers who has it, when it is somebody else.
 */
export async function takeOwnership(
  connection: ConnectionSettings,
  who: string,
): Promise<Ownership | { readonly heldBy: string }> {
  const client = new pg.Client({ ...connection, application_name: who, keepAlive: true });
  const lost = new Promise<void>((resolve) => {
    client.on("error", () => resolve());
    client.on("end", () => resolve());
  });
  await client.connect();
  const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [OWNER_LOCK]);
  if (rows[0]?.taken) return { lost, release: () => client.end() };
  const heldBy = await holder(client);
  await client.end();
  return { heldBy };
}

async function holder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and ((l.classid::bigint << 32) | l.objid::bigint) = $1`,
    [OWNER_LOCK],
  );
  return rows[0]?.name ?? "a process that has just ended";
}

/** Whether the PostgreSQL that answers is the one of this cluster. What answers on our socket to our password could still be another's copy. */
export async function isOurs(connection: ConnectionSettings, cluster: string): Promise<boolean> {
  const client = new pg.Client({ ...connection, application_name: "interpose", connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]?.data_directory === cluster;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The refusal of a data directory that somebody else owns. */
export function dataDirInUse(dataDir: string, heldBy: string): InterposeError {
  return new InterposeError(
    "data_dir_in_use",
    `${dataDir} is in use by ${heldBy}. Stop that one first, choose another INTERPOSE_DATA_DIR, or use a PostgreSQL by INTERPOSE_DATABASE_URL, which several servers can share.`,
  );
}
