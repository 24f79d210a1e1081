import { permissionsOfRole } from "../access/permissions.ts";
import { newId } from "../ids.ts";
import type { Database } from "../store/database.ts";
import { ensureInstance } from "../store/sql/ensure-instance.ts";
import { createToken, type CreatedToken } from "./create-token.ts";

/** The default instance, and, on the very first start, the token of its first admin. */
export interface DefaultInstance {
  readonly id: string;
  readonly firstToken: CreatedToken | undefined;
}

/**
 * Makes sure that the default instance is there. On the first start an admin token is created with it, unless the settings bring one:
 * without any, nobody could ever call the server.
 */
export async function ensureDefaultInstance(
  database: Database,
  { needsToken }: { readonly needsToken: boolean },
): Promise<DefaultInstance> {
  const { id, created } = await database.transaction((tx) => ensureInstance(tx, newId()));
  if (!created || !needsToken) return { id, firstToken: undefined };
  const context = {
    database,
    instanceId: id,
    creator: "interpose",
    permissions: permissionsOfRole("admin"),
    newId,
    committed: () => Promise.resolve(),
    depth: 0,
    maxRunDepth: 1,
  };
  const firstToken = await createToken(context, {
    name: "first admin",
    role: "admin",
    permissions: [],
    expiresAt: null,
  });
  return { id, firstToken };
}
