import type { DescMethod, Registry } from "@bufbuild/protobuf";
import {
  createPlanFinder,
  type ApiFailure,
  type Envelope,
  type Message,
  type Plan,
  type PlansOfMethod,
  type Snapshot,
} from "@interpose/engine";
import type { CallContext } from "../call-context.ts";
import type { CallerIdentity } from "../caller-identity.ts";
import { NEVER_HOOKED } from "../never-hooked.ts";
import { runOnError } from "../run-on-error.ts";
import type { InterceptorHost } from "./interceptor-host.ts";

/** A method that an interceptor stands before. Made once, so that a call of one that is not hooked pays for a comparison. */
export interface HookedMethod {
  /** `/package.Service/Method` */
  readonly full: string;
  readonly descriptor: DescMethod;
  /** Types that `google.protobuf.Any` may hold. */
  readonly registry: Registry;
  readonly plans: (snapshot: Snapshot) => PlansOfMethod;
}

const NO_PLANS: PlansOfMethod = { request: undefined, response: undefined };

/** Makes one of its descriptor. */
export function hookedMethod(descriptor: DescMethod, registry: Registry): HookedMethod {
  const service = descriptor.parent.typeName;
  const full = `/${service}/${descriptor.name}`;
  return { full, descriptor, registry, plans: planFinder(service, full) };
}

/** Finds the plans of a method, but for services that are never hooked. */
export function planFinder(service: string, full: string): (snapshot: Snapshot) => PlansOfMethod {
  return NEVER_HOOKED.has(service) ? () => NO_PLANS : createPlanFinder({ full, service });
}

/** What is known of one call. */
export interface InterceptedCall {
  readonly method: HookedMethod;
  readonly plans: PlansOfMethod;
  readonly context: CallContext;
  /** A header that the call came with, by lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Finds out who calls. It is asked when the first target is called, and once. Undefined: nobody is known. */
  readonly identify: (() => CallerIdentity | Promise<CallerIdentity>) | undefined;
  /** Aborted when the client goes away, or the call's deadline passes. */
  readonly signal: AbortSignal;
}

/** Carries out the executions of one call for its messages. Each throws what the client is to see. */
export interface CallHooks {
  request(message: Message): Promise<Message>;
  /** `empty`: the request of a response that comes before any, as a stream may begin. */
  response(message: Message, empty: () => Message): Promise<Message>;
  /** Takes the place of `response` when the service fails. Where it throws nothing, the error stands as it was. Undefined: nobody asks for errors, and they need not wait. */
  readonly failed: ((failure: ApiFailure, empty: () => Message) => Promise<void>) | undefined;
}

/** The hooks of one call. Messages of a side that has no plan come out as they went in. */
export function createCallHooks(host: InterceptorHost, call: InterceptedCall): CallHooks {
  const { plans, context, signal } = call;
  let envelope: Promise<Envelope> | undefined;
  let latest: Message | undefined;

  async function run(
    side: "request" | "response",
    plan: Plan,
    message: Message,
    request: Message | undefined,
  ): Promise<Message> {
    return host.run({ ...context, side, plan, message, request, envelope: await envelopeOnce(), signal });
  }

  function envelopeOnce(): Promise<Envelope> {
    return (envelope ??= envelopeOf(host, call));
  }

  const { response: plan } = plans;

  return {
    async request(message) {
      latest = plans.request ? await run("request", plans.request, message, undefined) : message;
      return latest;
    },
    async response(message, empty) {
      return plan ? run("response", plan, message, latest ?? empty()) : message;
    },
    failed: plan?.options?.runOnErrors
      ? async (failure, empty) => {
          // Where it cannot be told who calls, what the service said of that is worth more.
          const envelope = await envelopeOnce().catch(() => undefined);
          if (!envelope) return;
          await runOnError(host.run, failure, { ...context, plan, request: latest ?? empty(), envelope, signal });
        }
      : undefined,
  };
}

async function envelopeOf(
  { instanceId, shownHeaders }: InterceptorHost,
  { method, header, identify }: InterceptedCall,
): Promise<Envelope> {
  const { userId, orgId, projectId } = (await identify?.()) ?? {};
  const headers = shownHeaders.flatMap((name) => {
    const value = header(name.toLowerCase());
    return value === undefined ? [] : [[name, [value]] as const];
  });
  return { fullMethod: method.full, instanceId, userId, orgId, projectId, headers: Object.fromEntries(headers) };
}
