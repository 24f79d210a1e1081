import { InterposeError, planForMethod, type MethodName, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { failureFromStatus, serviceOfRpcPath } from "@interpose/protocol";
import { callContextOf } from "../call-context.ts";
import { runOnError } from "../run-on-error.ts";
import type { RunPlan } from "../run-plan.ts";
import { admitFirst } from "./admission.ts";
import type { Descriptors } from "./descriptors/index.ts";
import { readableCall, readableRefusals, type Cors } from "./cors.ts";
import { createEnvelopes, type EnvelopeOptions } from "./envelope.ts";
import { createKnownApi, type KnownApi } from "./known-api.ts";
import { createMessageCall } from "./message-call.ts";
import type { Page } from "./openapi.ts";
import type { CallForm, CallHead } from "./protocols/call-form.ts";
import { fieldOf } from "./protocols/fields.ts";
import { isTranslated, protocolOf, readCall, type Spoken } from "./protocols/index.ts";
import { answered, refusal } from "./refusal.ts";
import type { RequestHead } from "./relay/header-fields.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { InterceptedCall, Interceptor, RelayAnswer } from "./relay/interceptor.ts";
import { rememberLast } from "./relay/remember-last.ts";
import { inGrpc } from "./in-grpc.ts";
import { sameProtocol } from "./same-protocol.ts";

/** What hooks need. */
export interface HooksOptions extends EnvelopeOptions {
  /** The API as it is known at this moment. */
  readonly descriptors: () => Descriptors;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
  readonly maxMessageBytes: number;
  /** What the upstream understands. */
  readonly speaks: ReadonlySet<Spoken>;
  /** What the gateway answers itself. */
  readonly page: Page | undefined;
  /** Origins of pages that may read what the gateway writes itself. */
  readonly cors: Cors | undefined;
  /** Whether a hooked call goes on only once it is known who makes it. */
  readonly callerRequired: boolean;
}

/**
 * Decides which calls are taken apart into messages: those of a known method that executions look at, and those in a protocol that the upstream does not speak. All others
 * pass as they are. Nobody gets past a hook: what is hooked and cannot be read is refused, and so is what has an execution of its own method or service, or meets an API of which
 * nothing is known yet, and is not described. Where such a method is gone in truth, the API itself would say no more.
 */
export function createHooks(
  options: HooksOptions,
): (head: RequestHead, block: HeaderBlock, call: InterceptedCall) => Interceptor | undefined {
  const apiOf = rememberLast(createKnownApi);
  const envelopes = createEnvelopes(options);
  const { speaks, cors } = options;

  /** The answer to a browser that asks before a call which the API does not understand, and could not be asked about. */
  function preflight(head: RequestHead, block: HeaderBlock): RelayAnswer | undefined {
    const answer = head.method === "OPTIONS" && speaks.has("grpc") ? cors?.preflight(block) : undefined;
    if (!answer) return undefined;
    const isRpc = serviceOfRpcPath(head.path.split("?", 1)[0] ?? "") !== undefined;
    const isForUs = isRpc ? !speaks.has("grpc-web") || !speaks.has("connect") : !speaks.has("rest");
    const verb = fieldOf(block, "access-control-request-method") ?? "";
    const { kind } = apiOf(options.descriptors()).meaningOf({ ...head, method: verb }, block);
    return isForUs && kind === "known" ? answer : undefined;
  }

  return (head, block, relayed) => {
    const asked = preflight(head, block);
    if (asked) return answered(relayed, asked);
    const call = cors ? readableRefusals(relayed, block, cors) : relayed;
    const page = options.page?.(head, block);
    if (page) return answered(call, page);
    const descriptors = options.descriptors();
    const snapshot = options.snapshot();
    const api = apiOf(descriptors);
    const meaning = api.meaningOf(head, block);
    const contentType = fieldOf(block, "content-type");
    const other = "others" in meaning ? meaning.others.find(({ plans }) => isHooked(plans(snapshot))) : undefined;
    if (other) return refusal(call, ambiguous(other.full), contentType);
    if (meaning.kind !== "known") {
      const name = meaning.kind === "undescribed" ? meaning.name : NAMELESS;
      if (isHookedUnseen(snapshot, name, api)) return refusal(call, notDescribed(head.path), contentType);
      if (meaning.kind === "other" && meaning.allowed && isTranslated("rest", speaks))
        return refusal(call, wrongVerb(head, meaning.allowed), contentType);
      // The API would understand neither the protocol nor, so, what is asked of it.
      const isUnknown = meaning.kind === "undescribed" && api.isDescribed && head.method === "POST";
      return isUnknown && isTranslated(protocolOf(head, contentType), speaks)
        ? refusal(call, notFound(head.path), contentType)
        : undefined;
    }
    const { rest } = meaning;
    // What a browser asks before a call is for the API to answer.
    if (head.method === "OPTIONS" && !rest) return undefined;
    const { full, descriptor, plans } = meaning.method;
    const { request, response } = plans(snapshot);
    const protocol = rest ? "rest" : protocolOf(head, contentType);
    const inOtherProtocol = isTranslated(protocol, speaks);
    if (!request && !response && !inOtherProtocol) return undefined;

    const context = callContextOf((name) => fieldOf(block, name));
    const { registry } = descriptors;
    const given: CallHead = { head, block, method: descriptor, registry, deadline: context.deadline, rest };
    let form: CallForm;
    try {
      form = readCall(protocol, given);
    } catch (error) {
      return refusal(call, error, contentType);
    }
    const { translation } = form;
    const envelope = envelopes(full, block, call.origin.address);
    const begin = (): Interceptor =>
      createMessageCall(call, {
        call: given,
        form,
        upstream:
          inOtherProtocol && translation
            ? inGrpc(cors ? readableCall(call, block, cors) : call, given, form, translation)
            : sameProtocol(call, form),
        request,
        response,
        maxMessageBytes: options.maxMessageBytes,
        run: async (plan, message, asked, signal) =>
          options.run({
            ...context,
            side: asked ? "response" : "request",
            plan,
            message,
            request: asked,
            envelope: await envelope(),
            signal,
          }),
        runOnError: async (plan, status, asked, signal) =>
          runOnError(options.run, failureFromStatus(status, descriptors.registry), {
            ...context,
            plan,
            request: asked,
            envelope: await envelope(),
            signal,
          }),
      });
    if (!options.callerRequired || (!request && !response)) return begin();
    return admitFirst({ decided: envelope(), admit: begin, refuse: (error) => refusal(call, error, contentType) });
  };
}

function isHooked({ request, response }: PlansOfMethod): boolean {
  return request !== undefined || response !== undefined;
}

function ambiguous(method: string): InterposeError {
  return new InterposeError(
    "protocol_not_hooked",
    `Executions look at ${method}, and some servers would take this call for one of it: write its path without escapes that need not be there, and its verb as it is.`,
  );
}

function wrongVerb({ method, path }: RequestHead, verbs: readonly string[]): InterposeError {
  const allow = verbs.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ");
  const [plain = ""] = path.split("?", 1);
  return new InterposeError(
    "verb_not_allowed",
    `${method.slice(0, 20)} is not allowed at ${plain.slice(0, 100)}. Use ${allow}.`,
    { metadata: { allow } },
  );
}

/** The name of what has none: only executions on everything apply to it. */
const NAMELESS: MethodName = { full: "", service: "" };

/** Whether an execution would look at a call of which the types of its messages are not known. */
function isHookedUnseen(snapshot: Snapshot, name: MethodName, { isDescribed }: KnownApi): boolean {
  return (["request", "response"] as const).some((side) => {
    const plan = planForMethod(snapshot, side, name);
    // What an API leaves out of its description is not meant by an execution on everything.
    return plan !== undefined && (!isDescribed || plan !== snapshot[side].all);
  });
}

function notDescribed(path: string): InterposeError {
  return new InterposeError(
    "method_not_described",
    `Executions look at the messages of ${path.slice(0, 200)}, and the API has not said what they are. The gateway asks again; its log says what it was told.`,
  );
}

function notFound(path: string): InterposeError {
  return new InterposeError(
    "call_unknown",
    `The API has no method ${path.slice(0, 200)}. Its methods are those that its descriptors have.`,
  );
}
