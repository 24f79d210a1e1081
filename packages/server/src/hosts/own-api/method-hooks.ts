import type { DescMethod, Message } from "@bufbuild/protobuf";
import { createPlanFinder, InterposeError, type Plan, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { failureFromError } from "@interpose/protocol";
import { authorize } from "../../access/authorize.ts";
import type { Call } from "../../call.ts";
import { BYPASS_HEADER } from "../../headers.ts";
import { runOnError } from "../run-on-error.ts";
import type { PlanToRun, RunPlan } from "../run-plan.ts";
import { envelopeOf } from "./envelope.ts";
import { hookedMessage, protobufOf } from "./message.ts";

/** What running executions around calls of the own API needs. */
export interface HooksOptions {
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
  /** Names of the headers that targets are shown. */
  readonly shownHeaders: readonly string[];
}

/** Carries out the executions of one method. Each throws what the client is to see. */
export interface MethodHooks {
  /** Those in force when a call begins, which hold for all of it. Undefined where the caller bypasses them. */
  plans(call: Call): PlansOfMethod | undefined;
  request(plan: Plan, request: Message, call: Call): Promise<Message>;
  /** `request`: the one that led to the response, as request targets left it. */
  response(plan: Plan, request: Message, response: Message, call: Call): Promise<Message>;
  /** Shows an error of validation or handler to those who ask for it. Where this throws nothing, the error stands as it was. */
  failed(plan: Plan, request: Message, error: unknown, call: Call): Promise<void>;
}

/** The hooks of a method. Made once: a call that nothing hooks pays for asking, and allocates nothing. */
export function createMethodHooks(descriptor: DescMethod, options: HooksOptions): MethodHooks {
  const { snapshot, run, shownHeaders } = options;
  const service = descriptor.parent.typeName;
  const fullMethod = `/${service}/${descriptor.name}`;
  const findPlans = createPlanFinder({ full: fullMethod, service });

  function around(call: Call): Omit<PlanToRun, "side" | "plan" | "message" | "request" | "failure"> {
    return { ...call.context, envelope: envelopeOf(fullMethod, call, shownHeaders), signal: call.signal };
  }

  return {
    plans: (call) => (isBypassed(call) ? undefined : findPlans(snapshot())),
    async request(plan, request, call) {
      const message = hookedMessage(descriptor.input, request);
      return protobufOf(await run({ ...around(call), side: "request", plan, message, request: undefined }));
    },
    async response(plan, request, response, call) {
      const asked = hookedMessage(descriptor.input, request);
      const message = hookedMessage(descriptor.output, response);
      return protobufOf(await run({ ...around(call), side: "response", plan, message, request: asked }));
    },
    async failed(plan, request, error, call) {
      const asked = hookedMessage(descriptor.input, request);
      await runOnError(run, failureFromError(error), { ...around(call), plan, request: asked });
    },
  };
}

/** Whether the caller asks to run no executions, for which a permission of its own is needed. */
function isBypassed(call: Call): boolean {
  const asked = call.headers.get(BYPASS_HEADER);
  if (asked === null || asked === "false") return false;
  if (asked !== "true") {
    throw new InterposeError(
      "bad_request",
      `The header ${BYPASS_HEADER} is "${asked.slice(0, 20)}"; it can be "true" or "false".`,
    );
  }
  authorize(call.caller, { kind: "permission", permission: "execution.bypass" });
  return true;
}
