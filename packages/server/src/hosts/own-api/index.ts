import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  InterposeError,
  planForMethod,
  run,
  type Plan,
  type Run,
  type Snapshot,
  type TargetCaller,
} from "@interpose/engine";
import type { MethodRules } from "@interpose/protocol";
import { authorize } from "../../access/authorize.ts";
import type { ApiService } from "../../api/service.ts";
import type { Call } from "../../call.ts";
import { BYPASS_HEADER, TRACEPARENT_HEADER } from "../../headers.ts";
import { envelopeOf } from "./envelope.ts";
import { hookedMessage, protobufOf } from "./message.ts";

/** What the own API needs to run executions around its calls. */
export interface OwnApiOptions {
  readonly services: readonly ApiService[];
  readonly rules: (method: DescMethodUnary) => MethodRules;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly targets: TargetCaller;
  /** Refuses a message that breaks the rules of its type. */
  readonly validate: (schema: DescMessage, message: Message) => void;
  readonly newRunId: () => string;
  /** Told of each run at its end. */
  readonly onRun: (event: RunEvent) => void;
}

/** One run of the own API's. */
export interface RunEvent {
  readonly runId: string;
  readonly side: "request" | "response";
  readonly method: string;
  readonly plan: Plan;
  readonly run: Run;
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
   * What a target makes of the request is validated as the client's own would be. Throws what the client is to see.
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
  // Made once: looking a plan up allocates nothing, and a call that nothing hooks pays for two look-ups alone.
  const name = { full: `/${service}/${descriptor.name}`, service };

  async function hook(
    side: "request" | "response",
    plan: Plan,
    request: Message,
    response: Message | undefined,
    call: Call,
  ): Promise<Message> {
    const runId = options.newRunId();
    const done = await run({
      plan,
      runId,
      message: response ? hookedMessage(descriptor.output, response) : hookedMessage(descriptor.input, request),
      ...(response && { request: hookedMessage(descriptor.input, request) }),
      envelope: envelopeOf(name.full, call),
      caller: options.targets,
      signal: call.signal,
      traceparent: call.headers.get(TRACEPARENT_HEADER) ?? undefined,
    });
    options.onRun({ runId, side, method: name.full, plan, run: done });
    if (done.outcome.kind === "refused") throw done.outcome.error;
    return protobufOf(done.outcome.message);
  }

  return {
    descriptor,
    async invoke(received, call) {
      authorize(call.caller, access);
      const hooked = !isBypassed(call);
      let request = received;
      const requestPlan = hooked ? planForMethod(options.snapshot(), "request", name) : undefined;
      if (requestPlan) request = await hook("request", requestPlan, request, undefined, call);
      options.validate(descriptor.input, request);
      const response = create(descriptor.output, (await handler(request, call)) as MessageInitShape<DescMessage>);
      const responsePlan = hooked ? planForMethod(options.snapshot(), "response", name) : undefined;
      return responsePlan ? hook("response", responsePlan, request, response, call) : response;
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
