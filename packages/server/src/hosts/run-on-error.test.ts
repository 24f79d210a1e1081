import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  InterposeError,
  type ExecutionOptions,
  type JsonObject,
  type Plan,
  type TargetRequest,
} from "@interpose/engine";
import { failureFromError, protobufMessage, unwrap } from "@interpose/protocol";
import {
  CreateTargetRequestSchema,
  GetTargetByIDRequestSchema,
  type CreateTargetRequest,
} from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { runOnError } from "./run-on-error.ts";
import { createPlanRunner, type PlanToRun } from "./run-plan.ts";

/** A plan with one target that answers what it is told to. */
function planWith(options?: ExecutionOptions): Plan {
  const target = {
    id: "1",
    name: "t",
    type: "call",
    endpoint: "https://a",
    timeoutMs: 1,
    interruptOnError: true,
    dialect: "v3alpha",
  } as const;
  return {
    executionId: "response",
    condition: { kind: "response", scope: { kind: "all" } },
    targets: [target],
    ...(options && { options }),
  };
}

function runner(reply: JsonObject, hiddenFields?: readonly string[]) {
  const asked: TargetRequest[] = [];
  const run = createPlanRunner({
    newRunId: () => "7",
    onRun: () => undefined,
    hiddenFields,
    targets: {
      call(request) {
        asked.push(request);
        return Promise.resolve({ kind: "replied", status: 200, body: JSON.stringify(reply), durationMs: 1 });
      },
      callInBackground: () => new Promise(() => undefined),
    },
  });
  return { run, asked };
}

const message = (name: string) =>
  protobufMessage(CreateTargetRequestSchema, create(CreateTargetRequestSchema, { name, endpoint: "https://secret" }));
const around: Omit<PlanToRun, "side" | "plan" | "message" | "request" | "failure"> = {
  envelope: { fullMethod: "/a.B/C", instanceId: "1" },
  signal: new AbortController().signal,
  traceparent: undefined,
  deadline: undefined,
  runHeader: undefined,
};

describe("createPlanRunner() with hidden fields", () => {
  it("answers the very message where nothing changed it, hidden fields or not", async () => {
    const { run } = runner({ name: "" }, ["endpoint"]);
    const given = message("");
    const { run: silent } = runner({ endpoint: "mine" }, ["endpoint"]);
    const plan = planWith();
    assert.notEqual(await run({ side: "request", plan, message: message("a"), request: undefined, ...around }), given);
    const quiet = runner({}, ["endpoint"]);
    const webhook: Plan = { ...plan, targets: plan.targets.map((each) => ({ ...each, type: "webhook" })) };
    assert.equal(
      await quiet.run({ side: "request", plan: webhook, message: given, request: undefined, ...around }),
      given,
    );
    const after = await silent({ side: "request", plan, message: given, request: undefined, ...around });
    assert.equal((unwrap(after) as CreateTargetRequest).endpoint, "https://secret");
  });

  it("hides what the settings and the plan say from request and response, each plan what is its own", async () => {
    const { run, asked } = runner({}, ["endpoint"]);
    const request = protobufMessage(GetTargetByIDRequestSchema, create(GetTargetByIDRequestSchema, { targetId: "5" }));
    for (const plan of [planWith({ runOnErrors: false, hiddenFields: ["targetId", "name"] }), planWith()])
      await run({ side: "response", plan, message: message("a"), request, ...around });
    assert.deepEqual(
      asked.map(({ payload }) => [payload.request, payload.response]),
      [
        [{}, {}],
        [{ target_id: "5" }, { name: "a" }],
      ],
    );
  });
});

describe("runOnError()", () => {
  const failure = failureFromError(new InterposeError("target_not_found", "No target.", { metadata: { a: "secret" } }));
  const wanted = planWith({ runOnErrors: true, hiddenFields: ["**.metadata", "endpoint"] });

  it("runs where the execution asks for it, with what is hidden left out of request and details", async () => {
    const { run, asked } = runner({ name: "changed" });
    await runOnError(run, failure, { plan: wanted, request: message("a"), ...around });
    assert.deepEqual(asked[0]?.payload, {
      fullMethod: "/a.B/C",
      instanceID: "1",
      request: { name: "a" },
      error: {
        code: "NOT_FOUND",
        message: "No target.",
        details: [
          { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "TARGET_NOT_FOUND", domain: "interpose" },
        ],
      },
    });
  });

  it("calls nobody where it does not, and for a caller that is gone or waits no longer", async () => {
    const { run, asked } = runner({});
    for (const plan of [planWith(), planWith({ runOnErrors: false, hiddenFields: [] })])
      await runOnError(run, failure, { plan, request: message("a"), ...around });
    await runOnError(run, failure, { plan: wanted, request: message("a"), ...around, signal: AbortSignal.abort() });
    await runOnError(run, failure, { plan: wanted, request: message("a"), ...around, deadline: performance.now() });
    assert.equal(asked.length, 0);
  });

  it("throws what a target puts in the error's place", async () => {
    const { run } = runner({ forwardedStatusCode: 403, forwardedErrorMessage: "no" });
    await assert.rejects(runOnError(run, failure, { plan: wanted, request: message("a"), ...around }), {
      code: "permission_denied",
    });
  });
});
