import { createDatabase, type ConnectionSettings, type Database, type DatabaseOptions } from "./database.ts";
import { openEmbedded } from "./embedded/index.ts";

/** Which store to open. */
export interface StoreOptions {
  /** A PostgreSQL to use. Without it, the embedded one of the data directory. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly role: "serve" | "cli";
  readonly maxConnections: number;
  /** Told when a connection was lost that nobody used; the next query makes another. */
  readonly onLost: (error: unknown) => void;
  /** Told when the store is gone for good. */
  readonly onFatal: (error: unknown) => void;
}

/** A store that is open. */
export interface Store {
  readonly database: Database;
  /** What it is, for people. Without credentials. */
  readonly description: string;
  /** Opens more connections to it, which whoever asks for them closes before the store. */
  open(
    options: Pick<DatabaseOptions, "maxConnections"> & Partial<Pick<DatabaseOptions, "plansByIndex" | "commitsLazily">>,
  ): Database;
  close(): Promise<void>;
}

/** Opens the store: the PostgreSQL that is named, or the embedded one. Beyond this nobody knows which of the two it is. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDir, role, maxConnections, onLost, onFatal } = options;
  const settings = { maxConnections, applicationName: `interpose ${role}`, onLost };
  const opener =
    (connection: ConnectionSettings): Store["open"] =>
    (choices) =>
      createDatabase(connection, { ...settings, ...choices });
  if (databaseUrl !== undefined) {
    const connection = { url: databaseUrl };
    const database = createDatabase(connection, settings);
    return { database, description: describeUrl(databaseUrl), open: opener(connection), close: () => database.close() };
  }
  const embedded = await openEmbedded({ dataDir, role, onFatal });
  const database = createDatabase(embedded.connection, settings);
  return {
    database,
    description: `embedded PostgreSQL in ${dataDir}${embedded.adopted && role === "serve" ? ", which was running already" : ""}`,
    open: opener(embedded.connection),
    async close() {
      await database.close();
      await embedded.stop();
    },
  };
}

function describeUrl(url: string): string {
  const { hostname, port, pathname } = URL.canParse(url) ? new URL(url) : { hostname: "", port: "", pathname: "" };
  return `PostgreSQL at ${hostname || "a socket"}${port && `:${port}`}${pathname}`;
}
