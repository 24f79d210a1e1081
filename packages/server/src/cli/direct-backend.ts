import { userInfo } from "node:os";
import { resolve } from "node:path";
import { conditionId, InterposeError } from "@interpose/engine";
import { createTarget } from "../commands/create-target.ts";
import { createToken } from "../commands/create-token.ts";
import type { CommandContext, KeyContext } from "../commands/context.ts";
import { deleteExecution } from "../commands/delete-execution.ts";
import { deleteTarget } from "../commands/delete-target.ts";
import { ensureDefaultInstance } from "../commands/first-start.ts";
import { revokeToken } from "../commands/revoke-token.ts";
import { setExecution } from "../commands/set-execution.ts";
import { noExecutionWithOptions, updateExecutionOptions } from "../commands/update-execution-options.ts";
import type { Settings } from "../config/index.ts";
import { openVault } from "../keys/open-vault.ts";
import { newId } from "../ids.ts";
import { isInitialized } from "../store/embedded/index.ts";
import { migrate } from "../store/migrations.ts";
import { listTokens } from "../store/sql/list-tokens.ts";
import { searchExecutions } from "../store/sql/search-executions.ts";
import { selectExecution } from "../store/sql/select-execution.ts";
import { searchTargets } from "../store/sql/search-targets.ts";
import { assertGrantable } from "../access/authorize.ts";
import { permissionsOfRole } from "../access/permissions.ts";
import { createFunctionCatalog } from "../functions/catalog.ts";
import { directActions } from "./actions/direct.ts";
import type { Backend } from "./backend.ts";
import { openCliStore } from "./cli-store.ts";
import type { StoreUse } from "./command-tools.ts";

const EVERYTHING = { filters: [], sortBy: "id", ascending: true, offset: 0n, limit: 0 } as const;
const MOST_TOKENS = 10_000;

/**
 * The store itself, without a server and without any execution: whoever can reach it cannot be locked out. Throws `settings_invalid` where there is no embedded
 * store and the command is not one that makes it: it would find nothing, and the reason is that the directory is another's.
 */
export async function openDirectBackend(settings: Settings, { makesStore = false }: StoreUse): Promise<Backend> {
  if (settings.databaseUrl === undefined && !makesStore && !isInitialized(settings.dataDir)) {
    const text = `There is no store in ${resolve(settings.dataDir)}. Set INTERPOSE_DATA_DIR or INTERPOSE_DATABASE_URL as the server has it.`;
    throw new InterposeError("settings_invalid", text);
  }
  const store = await openCliStore(settings);
  try {
    const { database } = store;
    await migrate(database);
    const { id: instanceId } = await ensureDefaultInstance(database, { needsToken: false });
    // Other nodes hear of the change from the store. This process has no router.
    const context: CommandContext = {
      database,
      instanceId,
      creator: `cli:${userInfo().username}`,
      permissions: permissionsOfRole("admin"),
      newId,
      committed: () => Promise.resolve(),
      depth: 0,
      maxRunDepth: settings.limits.maxRunDepth,
    };
    // Most commands do not need the master key: without it, whoever is locked out gets in again.
    const withKeys = async (): Promise<KeyContext> => ({
      ...context,
      vault: await openVault(database, instanceId, settings),
    });
    return {
      ...directActions(withKeys, createFunctionCatalog(database, settings.functions)),
      listTargets: async () => (await searchTargets(database, instanceId, EVERYTHING)).targets,
      async createTarget(target) {
        return (await createTarget(await withKeys(), { ...target, dialect: "v3alpha" })).id;
      },
      deleteTarget: async (id) => void (await deleteTarget(context, id)),
      listExecutions: async () => (await searchExecutions(database, instanceId, EVERYTHING)).executions,
      setExecution: async (condition, entries) => void (await setExecution(context, condition, entries)),
      deleteExecution: async (condition) => void (await deleteExecution(context, condition)),
      async executionOptions(condition) {
        const id = conditionId(condition);
        const stored = await selectExecution(database, instanceId, id);
        if (!stored) throw noExecutionWithOptions(id);
        return stored.options;
      },
      // Which methods there are, only a server knows.
      otherVersions: () => Promise.resolve([]),
      updateExecutionOptions: (condition, changes) => updateExecutionOptions(context, condition, changes),
      async createToken(token) {
        assertGrantable(token.permissions);
        const { id, text } = await createToken(context, token);
        return { id, token: text };
      },
      listTokens: (all) =>
        listTokens(database, instanceId, { limit: MOST_TOKENS, name: "", showInactive: all, now: new Date() }),
      revokeToken: async (id) => void (await revokeToken(context, id)),
      close: store.close,
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
