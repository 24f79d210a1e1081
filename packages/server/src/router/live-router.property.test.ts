// Any commands, given to either of two nodes, leave both with what the store has.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { InterposeError, type ExecutionEntry } from "@interpose/engine";
import fc from "fast-check";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import {
  checkCurrent,
  condition,
  CONDITIONS,
  contextOf,
  current,
  NEVER_MS,
  newInstance,
  newTarget,
} from "../../test/harness/routers.ts";
import type { KeyContext } from "../commands/context.ts";
import { createToken } from "../commands/create-token.ts";
import { deleteExecution } from "../commands/delete-execution.ts";
import { deleteTarget } from "../commands/delete-target.ts";
import { setExecution } from "../commands/set-execution.ts";
import { updateTarget } from "../commands/update-target.ts";
import type { Database } from "../store/database.ts";
import { startLiveRouter } from "./live-router.ts";

describe("startLiveRouter()", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });

  it("has what a fresh load gives, after any commands on either of two nodes", async () => {
    const entry = fc.oneof(fc.record({ target: fc.nat(9) }), fc.record({ include: fc.constantFrom(...CONDITIONS) }));
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant("create" as const) }) },
      fc.record({ do: fc.constant("update" as const), target: fc.nat(9), path: fc.constantFrom("a", "b") }),
      fc.record({ do: fc.constant("delete" as const), target: fc.nat(9) }),
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("set" as const),
          id: fc.constantFrom(...CONDITIONS),
          entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
        }),
      },
      fc.record({ do: fc.constant("unset" as const), id: fc.constantFrom(...CONDITIONS) }),
      fc.record({ do: fc.constant("token" as const) }),
    );
    const steps = fc.array(fc.record({ step, node: fc.nat(1) }), { minLength: 1, maxLength: 25 });

    await fc.assert(
      fc.asyncProperty(steps, async (commands) => {
        const instanceId = await newInstance(database);
        const options = { pollMs: NEVER_MS, onError: (error: unknown) => assert.fail(String(error)) };
        const routers = await Promise.all([0, 1].map(() => startLiveRouter(database, instanceId, options)));
        const ids: string[] = [];
        const idAt = (at: number): string => ids[at % Math.max(1, ids.length)] ?? "404";

        const give = async (context: KeyContext, { step: command }: (typeof commands)[number]): Promise<unknown> => {
          switch (command.do) {
            case "create":
              return newTarget(context).then((id) => ids.push(id));
            case "update":
              return updateTarget(context, idAt(command.target), { endpoint: `https://example.com/${command.path}` });
            case "delete":
              return deleteTarget(context, idAt(command.target));
            case "set": {
              const entries = command.entries.map((each): ExecutionEntry =>
                "target" in each ? { target: idAt(each.target) } : { include: condition(each.include) },
              );
              return setExecution(context, condition(command.id), entries);
            }
            case "unset":
              return deleteExecution(context, condition(command.id));
            case "token":
              return createToken(context, { name: "t", role: "none", permissions: [], expiresAt: null });
          }
        };

        try {
          for (const command of commands) {
            const router = routers[command.node] ?? assert.fail();
            const revisions: bigint[] = [];
            const committed = (revision: bigint): Promise<void> => {
              revisions.push(revision);
              return router.catchUp(revision);
            };
            await give({ ...contextOf(database, instanceId), committed }, command).catch((error: unknown) => {
              // Duplicates, circles and what is not there are refused, and change nothing.
              if (!(error instanceof InterposeError)) throw error;
            });
            // A node that changed nothing may still have to hear of the other's change.
            if (revisions.length > 0) await checkCurrent(database, instanceId, router);
          }
          for (const router of routers) await current(database, instanceId, router);
        } finally {
          for (const router of routers) await router.stop();
        }
      }),
      { numRuns: 25, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false },
    );
  });
});
