import { conditionId, type Execution } from "@interpose/engine";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { permissionsOfRole } from "../../packages/server/src/access/permissions.ts";
import { openCliStore } from "../../packages/server/src/cli/cli-store.ts";
import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";
import { write, type CommandContext, type KeyContext } from "../../packages/server/src/commands/context.ts";
import { createTarget } from "../../packages/server/src/commands/create-target.ts";
import { ensureDefaultInstance } from "../../packages/server/src/commands/first-start.ts";
import { createVault } from "../../packages/server/src/keys/vault.ts";
import { newId } from "../../packages/server/src/ids.ts";
import type { Database } from "../../packages/server/src/store/database.ts";
import { migrate } from "../../packages/server/src/store/migrations.ts";
import { upsertExecution } from "../../packages/server/src/store/sql/upsert-execution.ts";
import { TARGET } from "./executions.ts";
import { MASTER_KEY } from "./server.ts";

/** A data directory with an embedded PostgreSQL that is stopped. */
export interface FilledStore {
  readonly dataDir: string;
  /** Ids of two targets, of which the executions call the first. */
  readonly targetIds: readonly [string, string];
}

/** Makes a store with executions, event by event as the API would, but in one transaction. It is removed in the end. */
export async function fillStore(
  teardown: Teardown,
  executionsFor: (targetId: string) => readonly Execution[],
): Promise<FilledStore> {
  let filling: Promise<FilledStore> | undefined = undefined;
  let dataDir: string | undefined = undefined;
  teardown.add("a data directory", async () => {
    // Its PostgreSQL must have been stopped before it goes.
    await filling?.catch(() => undefined);
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
  });
  dataDir = await mkdtemp(join(tmpdir(), "interpose-bench-"));
  filling = fill(dataDir, executionsFor);
  return filling;
}

async function fill(dataDir: string, executionsFor: (targetId: string) => readonly Execution[]): Promise<FilledStore> {
  const store = await openCliStore({ databaseUrl: undefined, dataDir });
  try {
    const context = await prepareDatabase(store.database);
    const { id: first } = await createTarget(context, { ...TARGET, name: "first" });
    const { id: second } = await createTarget(context, { ...TARGET, name: "second" });
    await setExecutions(context, executionsFor(first));
    return { dataDir, targetIds: [first, second] };
  } finally {
    await store.close();
  }
}

/** Gives an empty database its schema and its instance, and answers how commands are given there. */
export async function prepareDatabase(database: Database): Promise<KeyContext> {
  await migrate(database);
  const { id: instanceId } = await ensureDefaultInstance(database, { needsToken: false });
  const committed = (): Promise<void> => Promise.resolve();
  const permissions = permissionsOfRole("admin");
  const vault = createVault([Buffer.from(MASTER_KEY, "base64")]);
  const creator = "benchmark";
  return { database, instanceId, vault, creator, permissions, newId, committed, depth: 0, maxRunDepth: 1 };
}

/** Sets executions, event by event as the API would, but in one transaction. */
export function setExecutions(context: CommandContext, executions: readonly Execution[]): Promise<void> {
  return write(context, async ({ tx, append }) => {
    const details = await append(
      executions.map(({ condition, entries }) => ({
        aggregateType: "execution",
        aggregateId: conditionId(condition),
        type: "execution.set",
        payload: { entries },
      })),
    );
    for (const [i, execution] of executions.entries()) {
      const of = details[i];
      if (!of) throw new Error(`the event of execution ${i} came back without details`);
      await upsertExecution(tx, context.instanceId, execution, of);
    }
  });
}
