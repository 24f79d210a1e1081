import type { ApiFailure } from "./api-failure.ts";
import type { CallFailure, Exchange, TargetCaller } from "./call.ts";
import type { Messages } from "./dialects/dialect.ts";
import type { Envelope } from "./dialects/envelope.ts";
import { DIALECTS } from "./dialects/index.ts";
import type { InterposeError } from "./error.ts";
import type { JsonObject } from "./json.ts";
import { MessageMismatch, type Message } from "./message.ts";
import type { Plan } from "./plan.ts";
import { effectOfFailure, errorOfEnd } from "./policies.ts";
import { readReply, type ForwardedRefusal } from "./reply.ts";
import type { Target } from "./target.ts";

/** What a run needs. */
export interface RunInput {
  /** Id by which the run is found again, and which a refused caller is told. */
  readonly runId: string;
  readonly plan: Plan;
  /** The message that is hooked. For an error of the API: the request that led to it. */
  readonly message: Message;
  /** For a response: the request that it answers, as request targets left it. Absent: the message is a request. */
  readonly request?: Message | undefined;
  /** How the API failed, where it has no response. Targets watch it, and may put a refusal of their own in its place; no reply makes a success of it. */
  readonly failure?: ApiFailure | undefined;
  readonly envelope: Envelope;
  readonly caller: TargetCaller;
  /** Aborted when the caller of the API goes away, or, for the reason DeadlinePassed, when the time of the run is over. */
  readonly signal: AbortSignal;
  readonly traceparent?: string | undefined;
  /** Given to each call, see TargetRequest. */
  readonly chain?: string | undefined;
}

/** What a run came to, and each call that it made. */
export interface Run {
  readonly outcome: RunOutcome;
  readonly calls: readonly CallRecord[];
}

/** What became of the message. A failure of the API that passed stands as it was. */
export type RunOutcome =
  | { readonly kind: "passed"; readonly message: Message; readonly changed: boolean }
  | { readonly kind: "refused"; readonly error: InterposeError };

/** One call of a target within a run. */
export interface CallRecord {
  readonly targetId: string;
  /** `none`: it watched. `changed`: its reply was applied. `started`: it is not waited for. `ignored`, `refused`: it failed, and what followed. */
  readonly effect: "none" | "changed" | "started" | "ignored" | "refused";
  readonly failure?: CallFailure | undefined;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  /** More about a failure, for operators. */
  readonly detail?: string | undefined;
}

/**
 * Carries a plan out for one message: calls its targets in order, each with what the ones before made of the message, until all are
 * called or one that interrupts has failed. Once its signal is aborted it calls no more, and ends refused, also where the target that was
 * being called would have been ignored. A last answer that came before that counts.
 */
export async function run(input: RunInput): Promise<Run> {
  const { plan, caller, signal, traceparent, chain, runId } = input;
  const calls: CallRecord[] = [];
  let message = input.message;
  for (const target of plan.targets) {
    const end = endOf(signal, target, runId);
    if (end) return { outcome: end, calls };
    const request = { target, payload: payloadFor(target, message, input), traceparent, chain };
    if (target.type === "async") {
      caller.callInBackground(request);
      calls.push({ targetId: target.id, effect: "started" });
      continue;
    }
    const exchange = await caller.call(request, signal);
    const result = resultOf(exchange, target, message, input.failure);
    const facts = { targetId: target.id, status: exchange.status, durationMs: exchange.durationMs };
    if (result.kind !== "failed") {
      calls.push({ ...facts, effect: result.kind === "changed" ? "changed" : "none" });
      if (result.kind === "changed") message = result.message;
      continue;
    }
    const effect =
      endOf(signal, target, runId) ?? effectOfFailure(result.failure, { target, runId, refusal: result.refusal });
    calls.push({ ...facts, effect: effect.kind, failure: result.failure, detail: result.detail });
    if (effect.kind === "refused") return { outcome: effect, calls };
  }
  return { outcome: { kind: "passed", message, changed: message !== input.message }, calls };
}

/** What a run comes to that is at its end before its targets are; undefined while it may go on. */
function endOf(
  { aborted, reason }: AbortSignal,
  target: Target,
  runId: string,
): (RunOutcome & { readonly kind: "refused" }) | undefined {
  return aborted ? { kind: "refused", error: errorOfEnd(reason, target, runId) } : undefined;
}

function payloadFor(target: Target, message: Message, { envelope, request, failure }: RunInput): JsonObject {
  const messages: Messages = request ? { request, response: message } : { request: message, failure };
  return DIALECTS[target.dialect].payload(envelope, messages);
}

type CallResult =
  | { readonly kind: "watched" }
  | { readonly kind: "changed"; readonly message: Message }
  | {
      readonly kind: "failed";
      readonly failure: CallFailure;
      readonly detail: string;
      readonly refusal?: ForwardedRefusal;
    };

/** What an exchange means for the message. */
function resultOf(
  exchange: Exchange,
  target: Target,
  message: Message,
  apiFailure: ApiFailure | undefined,
): CallResult {
  if (exchange.kind === "failed") return exchange;
  const reply = readReply(exchange.body);
  if (reply.kind === "refusal") {
    return {
      kind: "failed",
      failure: "refused",
      detail: `asked to refuse with ${reply.refusal.code}`,
      refusal: reply.refusal,
    };
  }
  // A webhook's body has no meaning beyond a refusal.
  if (target.type !== "call" || reply.kind === "empty") return { kind: "watched" };
  if (reply.kind === "not_json")
    return { kind: "failed", failure: "reply_not_json", detail: "the reply is not a JSON object" };
  // There is no message that the reply could change.
  if (apiFailure) return { kind: "watched" };
  try {
    return { kind: "changed", message: DIALECTS[target.dialect].applyReply(message, reply.json) };
  } catch (error) {
    if (error instanceof MessageMismatch) return { kind: "failed", failure: "reply_mismatch", detail: error.message };
    throw error;
  }
}
