import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { createPlanFinder, InterposeError, type Plan, type Snapshot } from "@interpose/engine";
import { failureFromError, type MethodRules } from "@interpose/protocol";
import { authorize } from "../../access/authorize.ts";
import type { ApiService } from "../../api/service.ts";
import type { Call } from "../../call.ts";
import { BYPASS_HEADER } from "../../headers.ts";
import { runOnError } from "../run-on-error.ts";
import type { PlanToRun, RunPlan } from "../run-plan.ts";
import { envelopeOf } from "./envelope.ts";
import { hookedMessage, protobufOf } from "./message.ts";

/** What the own API needs to run executions around its calls. */
export interface OwnApiOptions {
  readonly services: readonly ApiService[];
  readonly rules: (method: DescMethodUnary) => MethodRules;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  /** Refuses a message that breaks the rules of its type. */
  readonly validate: (schema: DescMessage, message: Message) => void;
  readonly run: RunPlan;
  /** Names of the headers that targets are shown. */
  readonly shownHeaders: readonly string[];
}

/** The server's own API as a host: one unary call after another, whatever protocol they come in. */
export interface OwnApi {
  /** Methods that are served, by full name ("/package.Service/Method"). */
  readonly methods: ReadonlyMap<string, OwnMethod>;
}

/** One method of the own API. */
export interface OwnMethod {
  readonly descriptor: DescMethodUnary;
  /**
   * Carries out a call in the contract's order: permission, request targets, validation, handler, response targets.
   * What a target makes of the request is validated as the client's own would be. Response targets may ask to see errors of validation and handler too.
   * Throws what the client is to see.
   */
  invoke(request: Message, call: Call): Promise<Message>;
}

/** Builds the own API. A method without rules stops the start. */
export function createOwnApi(options: OwnApiOptions): OwnApi {
  const methods = new Map<string, OwnMethod>();
  for (const { service, handlers } of options.services) {
    for (const descriptor of service.methods) {
      const handler = handlers[descriptor.localName];
      if (!isUnary(descriptor) || !handler)
        throw new Error(`${service.typeName}.${descriptor.name} has no handler for unary calls`);
      methods.set(`/${service.typeName}/${descriptor.name}`, ownMethod(descriptor, handler, options));
    }
  }
  return { methods };
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function ownMethod(
  descriptor: DescMethodUnary,
  handler: NonNullable<ApiService["handlers"][string]>,
  options: OwnApiOptions,
): OwnMethod {
  const { access } = options.rules(descriptor);
  const service = descriptor.parent.typeName;
  const fullMethod = `/${service}/${descriptor.name}`;
  // Made once: a call that nothing hooks pays for asking it, and allocates nothing.
  const findPlans = createPlanFinder({ full: fullMethod, service });

  function around(call: Call): Omit<PlanToRun, "side" | "plan" | "message" | "request" | "failure"> {
    return { ...call.context, envelope: envelopeOf(fullMethod, call, options.shownHeaders), signal: call.signal };
  }

  async function hook(
    side: "request" | "response",
    plan: Plan,
    request: Message,
    response: Message | undefined,
    call: Call,
  ): Promise<Message> {
    const asked = hookedMessage(descriptor.input, request);
    const outcome = await options.run({
      ...around(call),
      side,
      plan,
      message: response ? hookedMessage(descriptor.output, response) : asked,
      request: response && asked,
    });
    return protobufOf(outcome);
  }

  async function answer(request: Message, call: Call): Promise<Message> {
    options.validate(descriptor.input, request);
    return create(descriptor.output, (await handler(request, call)) as MessageInitShape<DescMessage>);
  }

  return {
    descriptor,
    async invoke(received, call) {
      authorize(call.caller, access);
      // What was in force when the call began holds for all of it: a call that sets an execution is not its first victim.
      const plans = isBypassed(call) ? undefined : findPlans(options.snapshot());
      let request = received;
      if (plans?.request) request = await hook("request", plans.request, request, undefined, call);
      const plan = plans?.response;
      if (!plan) return answer(request, call);
      const response = await answer(request, call).catch(async (error: unknown) => {
        const asked = hookedMessage(descriptor.input, request);
        await runOnError(options.run, failureFromError(error), { ...around(call), plan, request: asked });
        throw error;
      });
      return hook("response", plan, request, response, call);
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
