import { InterposeError } from "@interpose/engine";
import type { Queryable } from "../store/database.ts";
import type { FunctionRow } from "../store/sql/function-row.ts";
import { listFunctionNames } from "../store/sql/list-function-names.ts";
import { selectFunctions } from "../store/sql/select-functions.ts";
import { BUILTIN_FUNCTIONS } from "./builtin.ts";
import type { FunctionDeclaration, KnownFunction } from "./declaration.ts";

/**
 * The functions that there are: the built-in ones, those of this server's settings, and those that were declared over the API. The last are read from the store
 * each time, so that every node knows them from the moment that they are declared.
 */
export interface FunctionCatalog {
  /** All names: those of the built-in functions in their order, then the others sorted. */
  names(instanceId: string): Promise<readonly string[]>;
  /** The functions of the given names, in that order; names that are no function's are left out. */
  named(instanceId: string, names: readonly string[]): Promise<readonly KnownFunction[]>;
  /** One that can't be changed over the API, if there is one by this name. */
  fixed(name: string): KnownFunction | undefined;
  /** The same catalog as a transaction sees it. */
  within(db: Queryable): FunctionCatalog;
}

/** The catalog of a server whose settings declare these functions. A name in them goes before the same name in the store. */
export function createFunctionCatalog(database: Queryable, declared: readonly FunctionDeclaration[]): FunctionCatalog {
  const ofSettings = new Map(
    declared.map((each): [string, KnownFunction] => [each.name, { ...each, origin: "settings" }]),
  );
  const fixed = (name: string): KnownFunction | undefined => BUILTIN_FUNCTIONS.get(name) ?? ofSettings.get(name);
  return {
    fixed,
    within: (db) => createFunctionCatalog(db, declared),
    async names(instanceId) {
      const others = new Set([...ofSettings.keys(), ...(await listFunctionNames(database, instanceId))]);
      return [...BUILTIN_FUNCTIONS.keys(), ...[...others].sort()];
    },
    async named(instanceId, names) {
      const unknown = names.filter((name) => !fixed(name));
      const rows = unknown.length === 0 ? [] : await selectFunctions(database, instanceId, unknown);
      const stored = new Map(rows.map((row) => [row.name, functionFromRow(row)]));
      return names.flatMap((name) => fixed(name) ?? stored.get(name) ?? []);
    },
  };
}

/** The function of a name. Throws `function_not_found`. */
export async function existingFunction(
  catalog: FunctionCatalog,
  instanceId: string,
  name: string,
): Promise<KnownFunction> {
  const [found] = await catalog.named(instanceId, [name]);
  if (found) return found;
  throw functionNotFound(name);
}

/** The refusal of a name that is no function's. */
export function functionNotFound(name: string): InterposeError {
  return new InterposeError(
    "function_not_found",
    `There is no function "${name}". List the functions to see those that exist, or declare it.`,
  );
}

function functionFromRow(row: FunctionRow): KnownFunction {
  const { name, description, inputSchema, replySchema, ...stored } = row;
  return {
    name,
    description,
    input: inputSchema ?? undefined,
    reply: replySchema ?? undefined,
    origin: "api",
    stored,
  };
}
