// Calls of the own API without any protocol around them, with the engine or without it: node in-process.ts with|without.
import { create } from "@bufbuild/protobuf";
import { compileSnapshot, executionsById } from "@interpose/engine";
import { createMessageValidator, createServiceCatalog, methodRules } from "@interpose/protocol";
import {
  ActionService,
  ListExecutionFunctionsRequestSchema,
} from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { permissionsOfRole } from "../../packages/server/src/access/permissions.ts";
import { actionServiceV3alpha } from "../../packages/server/src/api/v3alpha/index.ts";
import { createFunctionCatalog } from "../../packages/server/src/functions/index.ts";
import type { Call } from "../../packages/server/src/call.ts";
import { createOwnApi } from "../../packages/server/src/hosts/own-api/index.ts";
import type { UnaryMethod } from "../../packages/server/src/hosts/own-api/unary.ts";
import { createVault } from "../../packages/server/src/keys/vault.ts";
import { createDatabase } from "../../packages/server/src/store/database.ts";
import { answerQuestions } from "../harness/child.ts";
import { executionsThatMatchNothing, TARGET } from "../harness/executions.ts";
import { median } from "../harness/statistics.ts";
import { formFrom, STORED } from "./cases.ts";
import { createOwnApi as createOwnApiWithoutEngine } from "./without-engine.ts";

const RPC = "/zitadel.action.v3alpha.ActionService/ListExecutionFunctions";
/** So few that the machine seldom takes the processor away while they are timed. */
const CALLS_AT_ONCE = 300;

const method = methodToCall();
let sum = 0;

const answers = {
  /** Makes calls, and answers how many nanoseconds one takes. */
  async measure({ calls }: { readonly calls: number }): Promise<number> {
    const nanoseconds = await callInARow(calls);
    if (!(sum > 0)) throw new Error("the answers were empty");
    return nanoseconds;
  },
};

/** What this program answers. */
export type InProcessAnswers = typeof answers;

answerQuestions(answers);

/** The own API, put together as in `cli/serve.ts` and with as many executions as the served one, and of it the method to call. */
function methodToCall(): UnaryMethod {
  // Nothing is connected to: the handler that is called asks no store.
  const database = createDatabase({ url: "postgres://127.0.0.1:9/none" });
  const catalog = createServiceCatalog([ActionService]);
  const commandContext = (): never => {
    throw new Error("no command is called");
  };
  const executions = executionsById(executionsThatMatchNothing(STORED));
  const snapshot = compileSnapshot({ targets: new Map([[TARGET.id, TARGET]]), executions, revision: 1n });
  const validator = createMessageValidator();
  validator.prepare(ActionService.methods.map(({ input }) => input));
  const createForm = formFrom(process.argv[2]) === "with" ? createOwnApi : createOwnApiWithoutEngine;
  const ownApi = createForm({
    services: [
      actionServiceV3alpha({
        database,
        vault: createVault([new Uint8Array(32)]),
        hosts: () => [],
        catalog: () => catalog,
        functions: createFunctionCatalog(database, []),
        eventTypes: () => Promise.resolve([]),
        commandContext,
      }),
    ],
    rules: methodRules,
    snapshot: () => snapshot,
    run: ({ envelope }) => {
      throw new Error(`an execution ran for ${envelope.fullMethod}, and none should`);
    },
    validate: validator.validate,
    shownHeaders: [],
    stopping: new AbortController().signal,
    // No stream is opened.
    provingAgain: { prove: commandContext, everyMs: 60_000 },
  });
  const found = ownApi.methods.get(RPC);
  if (found?.kind !== "unary") throw new Error(`there is no unary method ${RPC}`);
  return found;
}

/** A call as the listener makes one: with headers of its own. */
function newCall(): Call {
  return {
    instanceId: "1",
    caller: { userId: "admin", permissions: permissionsOfRole("admin") },
    protocol: "grpc",
    headers: new Headers({
      host: "127.0.0.1:8080",
      "content-type": "application/grpc+proto",
      te: "trailers",
      authorization: "Bearer an-admin-token-for-benchmarks-only",
      "user-agent": "grpc-node-js/1.14.7",
    }),
    clientAddress: "127.0.0.1",
    context: { deadline: undefined, traceparent: undefined, runHeader: undefined },
    signal: new AbortController().signal,
  };
}

async function invoke(call: Call): Promise<void> {
  const answer = await method.invoke(create(ListExecutionFunctionsRequestSchema), call);
  sum += answer.$typeName.length;
}

/** The calls are made just before, as a listener makes them: what they hold is still in the caches. */
async function callInARow(count: number): Promise<number> {
  const each: number[] = [];
  for (let made = 0; made < count; made += CALLS_AT_ONCE) {
    const calls = Array.from({ length: CALLS_AT_ONCE }, newCall);
    const start = performance.now();
    for (const call of calls) await invoke(call);
    each.push(((performance.now() - start) * 1e6) / CALLS_AT_ONCE);
  }
  return median(each);
}
