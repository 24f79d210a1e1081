import type { Settings } from "../../config/index.ts";
import { createDatabase, type Database } from "../../store/database.ts";
import { connectionToRunning, embeddedStatus } from "../../store/embedded/index.ts";
import { migrationStatus, type MigrationStatus } from "../../store/migrations.ts";
import { readPostgres, type PostgresFacts } from "../../store/sql/read-postgres.ts";
import { selectInstanceId } from "../../store/sql/select-instance-id.ts";
import { problem, skipped, warning, type Finding } from "./finding.ts";
import { reasonOf } from "./words.ts";

/** A store that can be read. */
export interface ReadableStore {
  readonly database: Database;
  /** What it is, for people. Without credentials. */
  readonly description: string;
  readonly postgres: PostgresFacts;
  /** The time by this machine's clock when the database told its own, in milliseconds since 1970; half of the way there and back is left out. */
  readonly askedAt: number;
  readonly migrations: MigrationStatus;
  /** Undefined: no server has ever started on it, or its tables are older than this program. */
  readonly instanceId: string | undefined;
}

/** The store, or what there is to say in place of it. */
export type StoreAccess = { readonly store: ReadableStore } | { readonly finding: Finding };

/** Opens the store to read it. Starts no PostgreSQL, takes no directory, and changes nothing: an embedded one is looked at while its server runs. */
export async function openStoreToRead(settings: Settings): Promise<StoreAccess> {
  const { dataDir, databaseUrl } = settings;
  if (databaseUrl !== undefined) {
    const { hostname, port, pathname } = new URL(databaseUrl);
    const description = `PostgreSQL at ${hostname || "a socket"}${port && `:${port}`}${pathname}`;
    return look(
      createDatabase({ url: databaseUrl }, OPTIONS),
      description,
      "Does it run, and is INTERPOSE_DATABASE_URL right?",
    );
  }
  const description = `The embedded PostgreSQL in ${dataDir}`;
  try {
    const { initialized, pid, owner } = await embeddedStatus(dataDir);
    if (!initialized) return { finding: skipped(`${description} is not there yet: the first start makes it.`) };
    if (pid === undefined)
      return { finding: skipped(`${description} does not run: it can be looked at while a server does.`) };
    if (owner === undefined)
      return {
        finding: warning(
          `${description} was left behind by a server that was killed (pid ${pid}).`,
          'Start the server, which takes it over, or run "interpose db stop".',
        ),
      };
    const used = `${description}, which ${owner} has,`;
    return await look(
      createDatabase(await connectionToRunning(dataDir), OPTIONS),
      used,
      "See postgres.log in that directory.",
    );
  } catch (error) {
    return {
      finding: problem(`${description} cannot be reached: ${reasonOf(error)}.`, "Run it as the server's user."),
    };
  }
}

const OPTIONS = { maxConnections: 2, applicationName: "interpose doctor" };

async function look(database: Database, description: string, mend: string): Promise<StoreAccess> {
  try {
    // The first question pays for the connection; the second tells the time.
    const migrations = await migrationStatus(database);
    const begin = Date.now();
    const postgres = await database.snapshotRead(readPostgres);
    const askedAt = (begin + Date.now()) / 2;
    const isCurrent = migrations.pending.length === 0;
    const instanceId = isCurrent ? await database.snapshotRead(selectInstanceId) : undefined;
    return { store: { database, description, postgres, askedAt, migrations, instanceId } };
  } catch (error) {
    await database.close();
    return { finding: problem(`${description} cannot be used: ${reasonOf(error)}.`, mend) };
  }
}
