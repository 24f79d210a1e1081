import { InterposeError } from "@interpose/engine";
import type { Settings } from "../config/index.ts";
import { readMasterKeys } from "../keys/master-keys.ts";
import { resealAll } from "../keys/reseal.ts";
import { createVault } from "../keys/vault.ts";
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

/** What `db rotate-master-key` did. */
export interface RotatedMasterKey {
  /** Id of the master key that all secrets are sealed with now. */
  readonly keyId: string;
  /** How many secrets were sealed anew. */
  readonly resealed: number;
  /** How many were forgotten, since they could not be opened. */
  readonly dropped: number;
}

/** Seals all secrets anew with the current master key of the settings. Throws `settings_invalid` where some cannot be opened with the keys that were given, unless those are dropped. */
export async function rotateMasterKey(
  settings: Settings,
  { dropsUnreadable }: { readonly dropsUnreadable: boolean },
): Promise<RotatedMasterKey> {
  const { keys } = await readMasterKeys(settings, { mayCreate: false });
  const vault = createVault(keys);
  return withStore(settings, async ({ database }) => {
    await migrate(database);
    const { resealed, unreadable, unreadableBy } = await resealAll(database, vault, { dropsUnreadable });
    if (unreadable === 0 || dropsUnreadable) return { keyId: vault.keyId, resealed, dropped: unreadable };
    throw new InterposeError(
      "settings_invalid",
      `${resealed} secrets were sealed anew with the master key ${vault.keyId}, and ${unreadable} could not be opened: they were sealed with ${unreadableBy.join(", ")}. Give those keys too, as INTERPOSE_SECRETS_FORMER_KEYS or in further lines of the key file, and repeat. If they are lost, --drop-unreadable forgets what they sealed.`,
    );
  });
}

async function withStore<T>(settings: Settings, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openCliStore(settings);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
