import { randomBytes } from "node:crypto";
import { createDatabase, type ConnectionSettings, type Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrations.ts";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import { startTcpPostgres, type TcpPostgres } from "./tcp-postgres.ts";

/** Which store the suite runs on: the one that the server starts itself, or a PostgreSQL that the tests start and give it by URL. */
const STORE_BY_URL = process.env.INTERPOSE_TEST_STORE === "url";

/** One for all tests of the process: databases keep them apart. */
let postgres: Promise<TcpPostgres> | undefined;

/** URL of a new, empty database for a server; undefined where the suite runs on the embedded one. */
export async function testDatabaseUrl(t: Cleanup): Promise<string | undefined> {
  return STORE_BY_URL ? newDatabaseUrl(t) : undefined;
}

/** URL of a new, empty database of the PostgreSQL that this test process started. */
export async function newDatabaseUrl(t: Cleanup): Promise<string> {
  postgres ??= startTcpPostgres();
  const { connection, urlOf } = await postgres;
  const name = `test_${randomBytes(6).toString("hex")}`;
  await execute(connection, `create database ${name}`);
  cleanUp(t, () => execute(connection, `drop database if exists ${name} with (force)`));
  return urlOf(name);
}

/** A new, migrated database, opened by the test itself. */
export async function openTestDatabase(t: Cleanup): Promise<Database> {
  const url = await newDatabaseUrl(t);
  const database = createDatabase({ url });
  cleanUp(t, () => database.close());
  await migrate(database);
  return database;
}

async function execute(connection: ConnectionSettings, text: string): Promise<void> {
  const database = createDatabase(connection, { maxConnections: 1 });
  await database.query({ text, values: [] });
  await database.close();
}
