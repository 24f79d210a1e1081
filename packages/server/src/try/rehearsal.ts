import {
  compareCalls,
  effectOfFailure,
  hookedMessage,
  invocation,
  isJsonObject,
  resultOf,
  type CallComparison,
  type CallEnd,
  type CallFailure,
  type Exchange,
  type HiddenPlace,
  type JsonObject,
  type Message,
  type Subject,
  type Target,
} from "@interpose/engine";
import { shownDynamic } from "@interpose/protocol";
import { recordableReply } from "../functions/index.ts";

/** A call on record, with what was kept of it. */
export interface RecordedCall {
  readonly side: "request" | "response" | "function";
  readonly effect: CallEnd["effect"] | "shadow";
  /** Of a shadow: what it would have come to in earnest, where that is known. */
  readonly shadowEffect: CallEnd["effect"] | null;
  readonly failure: string | null;
  readonly detail: string | null;
  readonly payload: JsonObject | undefined;
  /** What its reply made of the message, or of the output so far. */
  readonly after: JsonObject | undefined;
  /** What a function's output was before it. */
  readonly outputBefore: JsonObject | undefined;
}

/** What targets are shown now, which may be less than when a call was put on record. */
export interface ShownNow {
  readonly read: ReadMessage;
  /** What is hidden of the input of a function. */
  readonly hidden: HiddenPlace;
}

/** How the message of a call is known again, as targets are shown it. Undefined: its method is not known here. */
export type ReadMessage = (of: "request" | "response", json: JsonObject) => Message | undefined;

/** A call on record, made ready to be repeated with another target. */
export interface Repeatable {
  /** What the other target is sent: what the one on record was, in its own dialect. */
  readonly payload: JsonObject;
  /** A reply without what targets are not shown; undefined where that cannot be said. */
  readonly recordable: (reply: string) => string | undefined;
  /** What its answer means, compared with that on record. */
  judge(exchange: Exchange): CallComparison & { readonly end: CallEnd };
}

/** Makes a call on record ready; or says why it cannot be repeated. */
export function repeatable(call: RecordedCall, candidate: Target, { read, hidden }: ShownNow): Repeatable | string {
  const { payload, side, after } = call;
  const effect = effectInEarnest(call);
  if (!payload) return "what it was sent is not on record: it was too large, or runs.messages is off";
  if (call.failure === "cancelled" || call.failure === "deadline")
    return "the call on record was cut short, for its caller had gone or its time was over";
  if (effect === undefined)
    return "it was a shadow that had not ended when its run was put on record, or whose run broke off";
  if (effect === "changed" && !after) return "what its reply made of the message is not on record: it was too large";
  try {
    if (side === "function") {
      const { function: name, ...input } = payload;
      const given = (typeof name === "string" ? name : "").replace(/^function\//, "");
      const begun = invocation({
        name: given,
        input: shownDynamic(hidden, input) as JsonObject,
        outputOf: (merged) => merged,
        recordable: (reply) => recordableReply(hidden, reply),
      });
      const stated = (output: JsonObject | undefined): typeof begun =>
        (output && begun.repliedBy({ ...candidate, replyMode: undefined }, output)) ?? begun;
      const before = stated(call.outputBefore);
      return ready({ ...call, effect }, candidate, before, after ? stated(after) : before);
    }
    if (payload.error !== undefined) return "it was for an error of the API, which cannot be repeated";
    const request = isJsonObject(payload.request) ? read("request", payload.request) : undefined;
    const response = isJsonObject(payload.response) ? read("response", payload.response) : undefined;
    const message = side === "request" ? request : response;
    if (!message) return "its method is not known here, so that its message cannot be read";
    const envelope = envelopeOf(payload);
    const shown = hookedMessage({ message, request: side === "response" ? request : undefined, envelope });
    const made = after && read(side, after);
    return ready({ ...call, effect }, candidate, shown, made ? hookedMessage({ message: made, envelope }) : shown);
  } catch {
    return "its message does not fit its type any more";
  }
}

/** What a call came to, or would have; undefined: that is not known. */
function effectInEarnest({ effect, shadowEffect }: RecordedCall): CallEnd["effect"] | undefined {
  return effect === "shadow" ? (shadowEffect ?? undefined) : effect;
}

function ready<S extends Subject<S>>(
  call: RecordedCall & Pick<CallEnd, "effect">,
  candidate: Target,
  shown: S,
  made: S,
): Repeatable {
  const { effect, failure, detail } = call;
  const counted: CallEnd = {
    effect,
    failure: (failure as CallFailure | null) ?? undefined,
    detail: detail ?? undefined,
    after: made.stateFor(candidate),
  };
  return {
    payload: shown.payloadFor(candidate),
    recordable: (reply) => shown.recordable(reply),
    judge(exchange) {
      const end = endOf(exchange, candidate, shown);
      return { ...compareCalls(counted, end), end };
    },
  };
}

/** What an answer would have meant in a run. */
function endOf<S extends Subject<S>>(exchange: Exchange, target: Target, shown: S): CallEnd {
  const result =
    target.type === "async" && exchange.kind === "replied"
      ? { kind: "watched" as const }
      : resultOf(exchange, target, shown);
  if (result.kind === "changed") return { effect: "changed", after: result.subject.stateFor(target) };
  const after = shown.stateFor(target);
  if (result.kind === "watched") return { effect: target.type === "async" ? "started" : "none", after };
  const { failure, detail, refusal } = result;
  const effect = effectOfFailure(failure, { target, runId: "", subject: shown.kind, refusal }).kind;
  return { effect, failure, detail, after };
}

function envelopeOf(payload: JsonObject): Parameters<typeof hookedMessage>[0]["envelope"] {
  const text = (key: string): string | undefined => (typeof payload[key] === "string" ? payload[key] : undefined);
  return {
    fullMethod: text("fullMethod") ?? "",
    instanceId: text("instanceID") ?? "",
    orgId: text("orgID"),
    projectId: text("projectID"),
    userId: text("userID"),
    ...(isJsonObject(payload.headers) && { headers: payload.headers as Record<string, readonly string[]> }),
  };
}
