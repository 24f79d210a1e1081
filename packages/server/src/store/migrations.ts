import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { InterposeError } from "@interpose/engine";
import { onlyRow, type Database, type Transaction } from "./database.ts";

/** One numbered change of the schema. Once released it never changes; what must be different is a new one. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the SQL, in hex. */
  readonly checksum: string;
}

/** How a database stands to the program. */
export interface MigrationStatus {
  /** Number of the last migration that the database has; 0 for none. */
  readonly applied: number;
  /** Number of the last migration that the program has. */
  readonly known: number;
  readonly pending: readonly string[];
}

/** Key of the advisory lock under which migrations run: any number that nothing else uses. */
const MIGRATION_LOCK = 7_103_112_905n;
const FILE = /^(\d{4})-(.+)\.sql$/;

/** The program's migrations, in order. */
export async function loadMigrations(): Promise<readonly Migration[]> {
  const folder = new URL("./migrations/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => FILE.test(file)).sort();
  return Promise.all(
    files.map(async (file, i) => {
      const sql = await readFile(new URL(file, folder), "utf8");
      const [, number = "", name = ""] = FILE.exec(file) ?? [];
      if (Number(number) !== i + 1) throw new Error(`the migrations have a gap before ${file}`);
      return { number: Number(number), name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/**
 * Brings a database up to date, each migration in a transaction of its own. An advisory lock makes servers that start together wait for one
 * another. Throws `database_too_new` when the database has a migration that the program does not know, and `settings_invalid` when one that was
 * applied is not what the program has under its number.
 */
export async function migrate(database: Database, migrations?: readonly Migration[]): Promise<MigrationStatus> {
  const known = migrations ?? (await loadMigrations());
  for (;;) {
    const done = await database.transaction(async (tx) => {
      await tx.query({ text: "select pg_advisory_xact_lock($1)", values: [MIGRATION_LOCK] });
      await tx.query({ text: "create schema if not exists interpose", values: [] });
      await tx.query({
        text: `create table if not exists interpose.migrations (
                 number integer primary key, name text not null, checksum text not null,
                 applied_at timestamptz not null default now())`,
        values: [],
      });
      const applied = await readApplied(tx);
      refuseForeign(applied, known);
      const next = known[applied.length];
      if (!next) return true;
      // Without parameters, pg sends a text of many statements as one simple query.
      await tx.query({ text: next.sql, values: [] });
      await tx.query({
        text: "insert into interpose.migrations (number, name, checksum) values ($1, $2, $3)",
        values: [next.number, next.name, next.checksum],
      });
      return false;
    });
    if (done) return migrationStatus(database, known);
  }
}

/** How a database stands to the program. Changes nothing; throws as `migrate` does when the two do not fit. */
export async function migrationStatus(database: Database, migrations?: readonly Migration[]): Promise<MigrationStatus> {
  const known = migrations ?? (await loadMigrations());
  const applied = await database.snapshotRead(async (tx) => {
    const { exists } = onlyRow(
      await tx.query<{ exists: boolean }>({
        text: "select to_regclass('interpose.migrations') is not null as exists",
        values: [],
      }),
    );
    return exists ? readApplied(tx) : [];
  });
  refuseForeign(applied, known);
  return {
    applied: applied.length,
    known: known.length,
    pending: known.slice(applied.length).map(({ number, name }) => `${String(number).padStart(4, "0")}-${name}`),
  };
}

interface AppliedMigration {
  readonly number: number;
  readonly checksum: string;
}

function readApplied(tx: Transaction): Promise<readonly AppliedMigration[]> {
  return tx.query<AppliedMigration>({
    text: "select number, checksum from interpose.migrations order by number",
    values: [],
  });
}

function refuseForeign(applied: readonly AppliedMigration[], known: readonly Migration[]): void {
  const last = applied.at(-1)?.number ?? 0;
  if (last > known.length) {
    const text = `The database has migration ${last}, and this program knows ${known.length} of them. Start a version of Interpose that is at least as new as the one that last used it.`;
    throw new InterposeError("database_too_new", text);
  }
  for (const { number, checksum } of applied) {
    if (known[number - 1]?.checksum === checksum) continue;
    const text = `Migration ${number} of the database is not the one that this program has under that number. It was changed after it was applied; use the program that applied it, or restore a backup.`;
    throw new InterposeError("settings_invalid", text);
  }
}
