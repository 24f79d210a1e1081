// One server is given hundreds of documents after each other, while others change things in between and at the same time.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import type { Database } from "../src/store/database.ts";
import { apply, applied, bypassing, dumpOf, inWords, planOf } from "./harness/actions.ts";
import { documents } from "./harness/actions-documents.ts";
import { forSuite } from "./harness/cleanup.ts";
import { storeOf } from "./harness/events.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const ROUNDS = 20;
const DOCUMENTS_A_ROUND = 25;
/** Conditions of others alone, and what others name their targets. */
const THEIR_CONDITION = { event: { event: "theirs.happened" } };

describe("documents of actions", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let theirs = "";
  before(async () => {
    // What events of these executions would be delivered to is not there.
    server = await startServer(suite, {
      env: { INTERPOSE_DELIVERIES_ENABLED: "false", INTERPOSE_LOG_LEVEL: "silent" },
    });
    database = await storeOf(suite, server);
    const target = { name: "theirs", endpoint: "https://example.com/", timeout: "7s", restAsync: {} };
    theirs = (await server.request("POST", "/v3alpha/targets", target)).body.id as string;
    await bypassing(server, "PUT", "/v3alpha/executions", {
      condition: THEIR_CONDITION,
      targets: [{ target: theirs }],
    });
    await bypassing(server, "POST", "/v1/functions", { name: "theirs", description: "of others" });
    await bypassing(server, "POST", "/v1/eventTypes", { type: "theirs.happened" });
  });

  /** What others made, as it is stored. */
  async function theirThings(): Promise<readonly string[]> {
    const dump = await dumpOf(database, ["targets", "executions", "functions", "event_types"]);
    return Object.values(dump)
      .flat()
      .filter((row) => row.includes("theirs"));
  }

  async function ids(table: string, column = "id"): Promise<readonly string[]> {
    const rows = await database.query<{ id: string }>({
      text: `select ${column} as id from interpose.${table} order by 1`,
      values: [],
    });
    return rows.map(({ id }) => id).filter((id) => id !== theirs && !id.includes("theirs"));
  }

  /** One edit by somebody else, of what there happens to be. Some are refused, as what they name goes meanwhile. */
  async function edit(kind: number, which: number): Promise<void> {
    const targets = await ids("targets");
    const executions = await ids("executions");
    const target = targets[which % (targets.length || 1)];
    const execution = executions[which % (executions.length || 1)];
    const path = `/v2/actions/targets/${target}`;
    const edits: readonly (() => Promise<unknown>)[] = [
      () => bypassing(server, "POST", path, { timeout: `${which + 1}s` }),
      () => bypassing(server, "POST", path, { name: `renamed ${which}` }),
      () => bypassing(server, "DELETE", path),
      () => bypassing(server, "PATCH", `/v1/targets/${target}/settings`, { delivery: { maxConcurrency: which + 1 } }),
      () => bypassing(server, "POST", `/v1/targets/${target}:pause`, { reason: "by others" }),
      () => bypassing(server, "POST", `/v1/targets/${target}:rotateSigningKey`, {}),
      () => bypassing(server, "PATCH", `/v1/executionOptions/${execution}`, { hiddenFields: [`others.${which}`] }),
      () =>
        bypassing(server, "PATCH", `/v1/executionOptions/${execution}`, { shadowTargets: which % 3 ? [target] : [] }),
      async () => {
        const condition = conditionOf(execution ?? "event");
        await bypassing(server, "DELETE", "/v3alpha/executions", { condition });
      },
      () => bypassing(server, "DELETE", `/v1/eventTypes/order.placed`),
      () => bypassing(server, "PATCH", `/v1/functions/price`, { description: `by others ${which}` }),
    ];
    await edits[kind % edits.length]?.();
  }

  for (let round = 1; round <= ROUNDS; round++) {
    it(`leave nothing to change once they are applied, whatever others do: round ${round} of ${DOCUMENTS_A_ROUND}`, async () => {
      const samples = fc.sample(
        fc.tuple(documents("shop"), fc.array(fc.tuple(fc.nat(10), fc.nat(50)), { maxLength: 3 }), fc.boolean()),
        { numRuns: DOCUMENTS_A_ROUND, seed: round },
      );
      const before = await theirThings();
      assert.equal(before.length, 4);
      for (const [document, edits, atOnce] of samples) {
        if (atOnce) {
          const [{ status, body }] = await Promise.all([
            apply(server, document),
            ...edits.map(([kind, which]) => edit(kind, which)),
          ]);
          assert.equal(status, 200, `${JSON.stringify(body)}\n${JSON.stringify(document)}`);
        } else for (const [kind, which] of edits) await edit(kind, which);
        const planned = await planOf(server, document);
        assert.deepEqual(planned.conflicts, [], JSON.stringify(document));
        const changes = await applied(server, document);
        assert.deepEqual(changes, planned.changes, "what is planned is what is applied");
        const after = await planOf(server, document);
        assert.deepEqual([inWords(after.changes), after.conflicts], [[], []], JSON.stringify(document));
        assert.deepEqual(await theirThings(), before, "what others made is as it was");
      }
    });
  }

  it("come of an export, and change nothing then, whoever made things", async () => {
    const [document] = fc.sample(documents("shop"), { numRuns: 1, seed: 7 });
    await applied(server, document ?? {});
    for (const ownedBy of ["", "shop"]) {
      const { body } = await bypassing(server, "GET", `/v1/actions:export?ownedBy=${ownedBy}`);
      const { changes, conflicts } = await planOf(server, body.document as object);
      assert.deepEqual([inWords(changes), conflicts], [[], []], JSON.stringify(body.document));
    }
  });
});

/** An id of the tests' executions as v3alpha has it. */
function conditionOf(id: string): object {
  const [kind = "", ...rest] = id.split("/");
  const name = rest.join("/");
  if (kind === "function") return { function: { name } };
  if (kind === "event")
    return {
      event: name === "" ? { all: true } : name.endsWith(".*") ? { group: name.slice(0, -2) } : { event: name },
    };
  return { [kind]: name === "" ? { all: true } : rest.length === 1 ? { service: name } : { method: `/${name}` } };
}
