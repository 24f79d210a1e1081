import type { Settings } from "../config/index.ts";
import { embeddedStatus, type EmbeddedStatus } from "../store/embedded/index.ts";
import type { Store } from "../store/index.ts";
import { migrate, migrationStatus, type MigrationStatus } from "../store/migrations.ts";
import { openCliStore } from "./cli-store.ts";

/** What `db status` shows. */
export interface DatabaseStatus {
  readonly store: string;
  /** There unless the store is a PostgreSQL by URL. */
  readonly embedded: EmbeddedStatus | undefined;
  /** Undefined when the embedded PostgreSQL does not run, or is nobody's: looking would have to start it, or to stop it in the end. */
  readonly migrations: MigrationStatus | undefined;
}

/** Looks at the database, and starts and changes nothing. */
export async function databaseStatus(settings: Settings): Promise<DatabaseStatus> {
  const embedded = settings.databaseUrl === undefined ? await embeddedStatus(settings.dataDir) : undefined;
  if (embedded && embedded.owner === undefined) {
    return { store: `embedded PostgreSQL in ${settings.dataDir}`, embedded, migrations: undefined };
  }
  return withStore(settings, async (store) => ({
    store: embedded ? `embedded PostgreSQL in ${settings.dataDir}` : store.description,
    embedded,
    migrations: await migrationStatus(store.database),
  }));
}

/** Brings the database up to date. */
export function migrateDatabase(settings: Settings): Promise<MigrationStatus> {
  return withStore(settings, ({ database }) => migrate(database));
}

async function withStore<T>(settings: Settings, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openCliStore(settings);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
