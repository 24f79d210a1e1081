import type { Database } from "../../src/store/database.ts";

/** A database, and the names of the statements that it was asked outside of transactions. */
export function countStatements(database: Database): {
  readonly database: Database;
  readonly statements: readonly string[];
} {
  const statements: string[] = [];
  const query: Database["query"] = (statement) => {
    statements.push(statement.name ?? "");
    return database.query(statement);
  };
  return { database: { ...database, query }, statements };
}
