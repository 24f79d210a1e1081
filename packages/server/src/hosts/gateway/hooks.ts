import { InterposeError, planForMethod, type Envelope, type MethodName, type Snapshot } from "@interpose/engine";
import type { RunPlan } from "../run-plan.ts";
import { SHOWN_HEADERS } from "../shown-headers.ts";
import type { Descriptors } from "./descriptors/index.ts";
import { createHookedCall, fieldOf } from "./hooked-call.ts";
import { createKnownApi, type KnownApi } from "./known-api.ts";
import { answerOfError } from "./outcome.ts";
import type { RequestHead } from "./relay/header-fields.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { InterceptedCall, Interceptor } from "./relay/interceptor.ts";
import { rememberLast } from "./relay/remember-last.ts";

/** What hooks need. */
export interface HooksOptions {
  /** The API as it is known at this moment. */
  readonly descriptors: () => Descriptors;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
  readonly instanceId: string;
  readonly maxMessageBytes: number;
}

/** By their names in HTTP/2, where `Host` is a pseudo-header. A map, since a client may name a header as a member that all objects have. */
const SHOWN_BY_FIELD: ReadonlyMap<string, string> = new Map(
  SHOWN_HEADERS.map((name) => [name === "Host" ? ":authority" : name.toLowerCase(), name]),
);

/**
 * Decides which calls executions look at: those of a method that is known, for which there is a plan. All others pass as they are. Nobody gets past a hook:
 * what is hooked and comes in a protocol that cannot be looked into is refused, and so is what has an execution of its own method or service, or meets an API of which nothing is known
 * yet, and is not described. Where such a method is gone in truth, the API itself would say no more.
 */
export function createHooks(
  options: HooksOptions,
): (head: RequestHead, block: HeaderBlock, call: InterceptedCall) => Interceptor | undefined {
  const apiOf = rememberLast(createKnownApi);

  return (head, block, call) => {
    const descriptors = options.descriptors();
    const snapshot = options.snapshot();
    const api = apiOf(descriptors);
    const meaning = api.meaningOf(head);
    const contentType = fieldOf(block, "content-type");
    if (meaning.kind !== "known") {
      const name = meaning.kind === "undescribed" ? meaning.name : NAMELESS;
      return isHookedUnseen(snapshot, name, api) ? refusal(call, notDescribed(head.path), contentType) : undefined;
    }
    const { full, descriptor, plans } = meaning.method;
    const { request, response } = plans(snapshot);
    if (!request && !response) return undefined;
    if (!isGrpc(contentType)) return refusal(call, notHooked(full), contentType);
    const envelope = envelopeOf(full, block, options.instanceId);
    const traceparent = fieldOf(block, "traceparent");
    return createHookedCall(call, block, {
      descriptor,
      registry: descriptors.registry,
      request,
      response,
      maxMessageBytes: options.maxMessageBytes,
      run: (plan, message, asked, signal) =>
        options.run({
          side: asked ? "response" : "request",
          plan,
          message,
          request: asked,
          envelope,
          signal,
          traceparent,
        }),
    });
  };
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

function isGrpc(contentType: string | undefined): boolean {
  return /^application\/grpc(\+proto)?\s*(;|$)/i.test(contentType ?? "");
}

function notHooked(method: string): InterposeError {
  return new InterposeError(
    "protocol_not_hooked",
    `Executions look at the messages of ${method}, and can read them in gRPC with protobuf alone. Call it in that protocol.`,
  );
}

function notDescribed(path: string): InterposeError {
  return new InterposeError(
    "method_not_described",
    `Executions look at the messages of ${path.slice(0, 200)}, and the API has not said what they are. The gateway asks again; its log says what it was told.`,
  );
}

/** Answers a call at once. What else comes of it is thrown away. */
function refusal(call: InterceptedCall, error: InterposeError, contentType: string | undefined): Interceptor {
  call.refuse(answerOfError(error, call.head, contentType), undefined);
  return {
    requestData: (_bytes, start, end) => call.creditRequest(end - start),
    requestEnd: () => undefined,
    requestSent: () => undefined,
    responseHead: () => undefined,
    responseData: () => undefined,
    responseEnd: () => undefined,
    responseSent: () => undefined,
    closed: () => undefined,
  };
}

function envelopeOf(fullMethod: string, { fields }: HeaderBlock, instanceId: string): Envelope {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < fields.length; i += 2) {
    const shown = SHOWN_BY_FIELD.get(fields[i] ?? "");
    if (shown !== undefined) (headers[shown] ??= []).push(fields[i + 1] ?? "");
  }
  return { fullMethod, instanceId, headers };
}
