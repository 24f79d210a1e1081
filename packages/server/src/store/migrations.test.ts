import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { newDatabaseUrl } from "../../test/harness/postgres.ts";
import { cleanUp, type Cleanup } from "../../test/harness/cleanup.ts";
import { createDatabase, type Database } from "./database.ts";
import { loadMigrations, migrate, migrationStatus, type Migration } from "./migrations.ts";

async function emptyDatabase(t: Cleanup): Promise<Database> {
  const database = createDatabase({ url: await newDatabaseUrl(t) });
  cleanUp(t, () => database.close());
  return database;
}

function migration(number: number, sql: string): Migration {
  return { number, name: `number-${number}`, sql, checksum: `checksum of ${sql}` };
}

describe("migrate()", () => {
  it("applies all migrations once", async (t) => {
    const database = await emptyDatabase(t);
    const known = await loadMigrations();
    assert.deepEqual((await migrationStatus(database)).applied, 0);
    for (let i = 0; i < 2; i++)
      assert.deepEqual(await migrate(database), { applied: known.length, known: known.length, pending: [] });
  });

  it("lets servers that start together wait for one another", async (t) => {
    const url = await newDatabaseUrl(t);
    const databases = Array.from({ length: 5 }, () => createDatabase({ url }));
    const results = await Promise.all(databases.map((database) => migrate(database)));
    for (const database of databases) await database.close();
    assert.equal(new Set(results.map(({ applied }) => applied)).size, 1);
  });

  it("refuses a database that is newer than the program, and names both numbers", async (t) => {
    const database = await emptyDatabase(t);
    const [first, second] = [migration(1, "create table a ()"), migration(2, "create table b ()")];
    await migrate(database, [first, second]);
    await assert.rejects(
      migrate(database, [first]),
      (error) =>
        error instanceof InterposeError &&
        error.reason === "database_too_new" &&
        /migration 2, .* knows 1/.test(error.message),
    );
  });

  it("refuses a migration that was changed after it was applied", async (t) => {
    const database = await emptyDatabase(t);
    await migrate(database, [migration(1, "create table a ()")]);
    await assert.rejects(
      migrate(database, [migration(1, "create table a (b int)")]),
      /Migration 1 of the database is not the one/,
    );
  });

  it("leaves nothing behind of a migration that fails", async (t) => {
    const database = await emptyDatabase(t);
    await assert.rejects(migrate(database, [migration(1, "create table a (); select nonsense")]));
    assert.deepEqual(await migrate(database, [migration(1, "create table a ()")]), {
      applied: 1,
      known: 1,
      pending: [],
    });
  });

  it("leads to the schema that was reviewed", async (t) => {
    const database = await emptyDatabase(t);
    await migrate(database);
    const { readFile, writeFile } = await import("node:fs/promises");
    const reviewed = new URL("./schema.txt", import.meta.url);
    const text = await describeSchema(database);
    if (process.env.INTERPOSE_TEST_WRITE_SCHEMA) await writeFile(reviewed, text);
    assert.equal(
      text,
      await readFile(reviewed, "utf8"),
      "look at the difference, and write it with INTERPOSE_TEST_WRITE_SCHEMA=1",
    );
  });
});

/** Columns, constraints, indexes and triggers, a line each: what a review of a migration looks at. */
async function describeSchema(database: Database): Promise<string> {
  const rows = await database.query<{ line: string }>({
    text: `
      select format('%s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end) as line
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'interpose'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      union all select format('%s: %s', conrelid::regclass, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'interpose'::regnamespace and contype <> 'n'
      union all select indexdef from pg_indexes where schemaname = 'interpose'
      union all select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'interpose'::regnamespace and not t.tgisinternal
      order by 1`,
    values: [],
  });
  return `${rows.map(({ line }) => line).join("\n")}\n`;
}
