import { InterposeError, planForMethod, type MethodName, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { failureFromStatus, serviceOfRpcPath, type WireProtocol } from "@interpose/protocol";
import { callContextOf } from "../../call-context.ts";
import { runOnError } from "../../run-on-error.ts";
import type { RunPlan } from "../../run-plan.ts";
import { admitFirst } from "./admission.ts";
import type { Descriptors } from "../descriptors/index.ts";
import { createHeldBytes } from "./held-bytes.ts";
import { readableCall, readableRefusals, type Cors } from "./cors.ts";
import { createEnvelopes, type EnvelopeOptions } from "./envelope.ts";
import { createKnownApi, type KnownApi } from "../known-api/known-api.ts";
import { createMessageCall } from "./message-call.ts";
import type { Page } from "../known-api/openapi.ts";
import type { CallForm, CallHead } from "../protocols/call-form.ts";
import { fieldOf } from "../protocols/fields.ts";
import { isTranslated, protocolOf, readCall, type Spoken } from "../protocols/index.ts";
import { answered, refusal } from "./refusal.ts";
import type { RequestHead } from "../relay/header-fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { Intercept, InterceptedCall, Interceptor, RelayAnswer } from "../relay/interceptor.ts";
import { rememberLast } from "../relay/remember-last.ts";
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
  /** Most bytes of messages that all calls may hold together. */
  readonly maxHeldBytes: number;
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
export function createHooks(options: HooksOptions): Intercept {
  const apiOf = rememberLast(createKnownApi);
  const envelopes = createEnvelopes(options);
  const { speaks, cors } = options;
  const held = createHeldBytes(options.maxHeldBytes);

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

  /** What answers a call by an error. */
  function refused(error: unknown, block: HeaderBlock): (relayed: InterceptedCall) => Interceptor {
    return (relayed) => refusal(readable(relayed, block), error, fieldOf(block, "content-type"));
  }

  /** A call of which pages may read what refuses it. */
  function readable(relayed: InterceptedCall, block: HeaderBlock): InterceptedCall {
    return cors ? readableRefusals(relayed, block, cors) : relayed;
  }

  /** What takes a call apart into its messages. */
  function takenApart({
    given,
    protocol,
    isTranslated: inOtherProtocol,
    plans: { request, response },
  }: TakenApart): (relayed: InterceptedCall) => Interceptor {
    const { block, method, registry } = given;
    const context = callContextOf((name) => fieldOf(block, name));
    const head: CallHead = { ...given, deadline: context.deadline };
    let form: CallForm;
    try {
      form = readCall(protocol, head);
    } catch (error) {
      return refused(error, block);
    }
    const { translation } = form;
    return (relayed) => {
      const call = readable(relayed, block);
      const envelope = envelopes(`/${method.parent.typeName}/${method.name}`, block, call.origin.address);
      const begin = (): Interceptor =>
        createMessageCall(call, {
          call: head,
          form,
          upstream:
            inOtherProtocol && translation
              ? inGrpc(cors ? readableCall(call, block, cors) : call, head, form, translation)
              : sameProtocol(call, form),
          request,
          response,
          maxMessageBytes: options.maxMessageBytes,
          held,
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
            runOnError(options.run, failureFromStatus(status, registry), {
              ...context,
              plan,
              request: asked,
              envelope: await envelope(),
              signal,
            }),
        });
      if (!options.callerRequired || (!request && !response)) return begin();
      const contentType = fieldOf(block, "content-type");
      return admitFirst({ decided: envelope(), admit: begin, refuse: (error) => refusal(call, error, contentType) });
    };
  }

  // Asked for every call: what it closes over is made for those alone that are intercepted, and so above.
  return (head, block) => {
    const asked = preflight(head, block);
    if (asked) return (relayed) => answered(relayed, asked);
    const page = options.page?.(head, block);
    if (page) return (relayed) => answered(readable(relayed, block), page);
    const descriptors = options.descriptors();
    const snapshot = options.snapshot();
    const api = apiOf(descriptors);
    const meaning = api.meaningOf(head, block);
    const other = "others" in meaning ? meaning.others.find(({ plans }) => isHooked(plans(snapshot))) : undefined;
    if (other) return refused(ambiguous(other.full), block);
    if (meaning.kind !== "known") {
      const name = meaning.kind === "undescribed" ? meaning.name : NAMELESS;
      if (isHookedUnseen(snapshot, name, api)) return refused(notDescribed(head.path), block);
      if (meaning.kind === "other" && meaning.allowed && isTranslated("rest", speaks))
        return refused(wrongVerb(head, meaning.allowed), block);
      // The API would understand neither the protocol nor, so, what is asked of it.
      const isUnknown = meaning.kind === "undescribed" && api.isDescribed && head.method === "POST";
      return isUnknown && isTranslated(protocolOf(head, fieldOf(block, "content-type")), speaks)
        ? refused(notFound(head.path), block)
        : undefined;
    }
    const { rest } = meaning;
    const contentType = fieldOf(block, "content-type");
    // What a browser asks before a call is for the API to answer. It has no content type: with one, some servers (grpc-js) would take it for the call.
    if (head.method === "OPTIONS" && !rest && contentType === undefined) return undefined;
    const plans = meaning.method.plans(snapshot);
    const protocol = rest ? "rest" : protocolOf(head, contentType);
    const inOtherProtocol = isTranslated(protocol, speaks);
    if (!isHooked(plans) && !inOtherProtocol) return undefined;
    const { registry } = descriptors;
    const given = { head, block, method: meaning.method.descriptor, registry, rest };
    return takenApart({ given, protocol, isTranslated: inOtherProtocol, plans });
  };
}

/** A call that is to be taken apart. */
interface TakenApart {
  readonly given: Omit<CallHead, "deadline">;
  readonly protocol: WireProtocol;
  readonly isTranslated: boolean;
  readonly plans: PlansOfMethod;
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
