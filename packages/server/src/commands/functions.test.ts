import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { contextOf, newInstance, openRouter } from "../../test/harness/routers.ts";
import { createFunctionCatalog, type FunctionCatalog } from "../functions/index.ts";
import type { Database } from "../store/database.ts";
import { loadChanges } from "../store/sql/load-changes.ts";
import { readRevision } from "../store/sql/read-revision.ts";
import type { CommandContext } from "./context.ts";
import { createFunction } from "./create-function.ts";
import { deleteFunction } from "./delete-function.ts";
import { updateFunction } from "./update-function.ts";

describe("commands on functions", () => {
  const suite = forSuite();
  let database: Database;
  let catalog: FunctionCatalog;
  before(async () => {
    database = await openTestDatabase(suite);
    catalog = createFunctionCatalog(database, []);
  });

  async function newContext(): Promise<CommandContext> {
    return contextOf(database, await newInstance(database));
  }
  const historyOf = ({ instanceId }: CommandContext, name: string): Promise<readonly object[]> =>
    database.query({
      text: `select type, creator, sequence, payload from interpose.events
             where instance_id = $1 and aggregate_type = 'function' and aggregate_id = $2 order by position`,
      values: [instanceId, name],
    });

  it("are events of the function's history, each with what it changed", async () => {
    const context = await newContext();
    const input = { type: "object" };
    await createFunction(context, catalog, { name: "f", description: "d", input });
    await updateFunction(context, catalog, "f", { description: "e", inputSchema: { type: "object" } });
    await updateFunction(context, catalog, "f", { description: "e", inputSchema: null, replySchema: undefined });
    await updateFunction(context, catalog, "f", {});
    await deleteFunction(context, catalog, "f");
    await createFunction(context, catalog, { name: "f", description: "" });
    const by = { creator: "test" };
    assert.deepEqual(await historyOf(context, "f"), [
      {
        ...by,
        type: "function.declared",
        sequence: 1n,
        payload: { description: "d", inputSchema: input, replySchema: null },
      },
      { ...by, type: "function.changed", sequence: 2n, payload: { description: "e" } },
      { ...by, type: "function.changed", sequence: 3n, payload: { inputSchema: null } },
      { ...by, type: "function.removed", sequence: 4n, payload: {} },
      {
        ...by,
        type: "function.declared",
        sequence: 5n,
        payload: { description: "", inputSchema: null, replySchema: null },
      },
    ]);
  });

  it("leave nothing behind where they are refused", async () => {
    const context = await newContext();
    await createFunction(context, catalog, { name: "f", description: "" });
    const { revision } = await readRevision(database, context.instanceId);
    await assert.rejects(createFunction(context, catalog, { name: "f", description: "" }), {
      reason: "function_exists",
    });
    await assert.rejects(updateFunction(context, catalog, "g", { description: "x" }), { reason: "function_not_found" });
    await assert.rejects(updateFunction(context, catalog, "f", { inputSchema: { type: 1 } }), {
      reason: "function_invalid",
    });
    await assert.rejects(deleteFunction(context, catalog, "preuserinfo"), { reason: "function_fixed" });
    assert.equal((await readRevision(database, context.instanceId)).revision, revision);
    assert.equal((await historyOf(context, "f")).length, 1);
  });

  it("keep one instance's functions from another's", async () => {
    const [one, other] = [await newContext(), await newContext()];
    await createFunction(one, catalog, { name: "mine", description: "" });
    assert.deepEqual(await catalog.named(other.instanceId, ["mine"]), []);
    await createFunction(other, catalog, { name: "mine", description: "of another" });
    assert.equal((await catalog.named(one.instanceId, ["mine"]))[0]?.description, "");
  });

  it("change no plan: a router that follows has nothing to load", async (t) => {
    const context = await newContext();
    const router = await openRouter(t, database, context.instanceId);
    const before = await readRevision(database, context.instanceId);
    await createFunction({ ...context, committed: router.catchUp }, catalog, { name: "f", description: "" });
    const { revision, ...changes } = await loadChanges(database, context.instanceId, before.revision);
    assert.ok(revision > before.revision);
    const keys = {
      targetIds: [],
      signingKeys: [],
      publicKeys: [],
      outbound: [],
      instanceKeys: [],
      instanceOutbound: null,
    };
    assert.deepEqual(changes, { targets: [], executions: [], removedTargetIds: [], removedExecutionIds: [], keys });
    assert.equal(router.current().revision, revision);
  });
});
