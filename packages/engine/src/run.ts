import type { CallFailure, Exchange, TargetCaller } from "./call.ts";
import type { InterposeError } from "./error.ts";
import type { JsonObject } from "./json.ts";
import { MessageMismatch } from "./message.ts";
import type { Plan } from "./plan.ts";
import { effectOfFailure, errorOfEnd } from "./policies.ts";
import { readReply, type ForwardedRefusal } from "./reply.ts";
import type { Subject } from "./subject.ts";
import type { Target } from "./target.ts";

/** What a run needs. */
export interface RunInput<S> {
  /** Id by which the run is found again, and which a refused caller is told. */
  readonly runId: string;
  readonly plan: Plan;
  /** What it is about: `hookedMessage(...)`, or `invocation(...)` of a function. */
  readonly subject: S;
  readonly caller: TargetCaller;
  /** Aborted when the caller of the API goes away, or, for the reason DeadlinePassed, when the time of the run is over. */
  readonly signal: AbortSignal;
  readonly traceparent?: string | undefined;
  /** Given to each call, see TargetRequest. */
  readonly chain?: string | undefined;
  /** A clock, in milliseconds, by which calls are put on record. */
  readonly now: () => number;
}

/** What a run came to, and each call that it made. */
export interface Run<S> {
  readonly outcome: RunOutcome<S>;
  readonly calls: readonly CallRecord<S>[];
}

/** What became of the subject. A failure of the API that passed stands as it was. */
export type RunOutcome<S> =
  | { readonly kind: "passed"; readonly subject: S; readonly changed: boolean }
  | { readonly kind: "refused"; readonly error: InterposeError };

/** How a call ended that a run does not wait for. */
export interface LateEnd<S> {
  /** The body of a 2xx reply that was read whole. */
  readonly reply?: string | undefined;
  /** What its reply would make of the subject, had it been applied. */
  readonly changedTo?: S | undefined;
  readonly failure?: CallFailure | undefined;
  readonly status?: number | undefined;
  readonly durationMs: number;
  readonly detail?: string | undefined;
}

/** One call of a target within a run. */
export interface CallRecord<S> {
  readonly target: Target;
  /** When it began, by the clock of the run. */
  readonly beganMs: number;
  /** What it was to be sent. */
  readonly payload: JsonObject;
  /** The same as JSON, where the caller has made it. */
  readonly sent?: Uint8Array | undefined;
  /** The body of a 2xx reply that was read whole. */
  readonly reply?: string | undefined;
  /** What its reply made of the subject, where it was applied. */
  readonly changedTo?: S | undefined;
  /** `none`: it watched. `changed`: its reply was applied. `started`: it is not waited for. `ignored`, `refused`: it failed, and what followed. `shadow`: it is compared, and nothing else. */
  readonly effect: "none" | "changed" | "started" | "ignored" | "refused" | "shadow";
  readonly failure?: CallFailure | undefined;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  /** More about a failure, for operators. */
  readonly detail?: string | undefined;
  /** How it ended, where the run does not wait for that. Never rejects. */
  readonly late?: Promise<LateEnd<S>> | undefined;
}

/**
 * Carries a plan out for one subject: calls its targets in order, each with what the ones before made of it, until all are
 * called or one that interrupts has failed. Once its signal is aborted it calls no more, and ends refused, also where the target that was
 * being called would have been ignored. A last answer that came before that counts.
 */
export async function run<S extends Subject<S>>(input: RunInput<S>): Promise<Run<S>> {
  const { plan, caller, signal, traceparent, chain, runId, now } = input;
  const calls: CallRecord<S>[] = [];
  let subject = input.subject;
  let place = 0;
  for (const target of plan.targets) {
    place++;
    const end = endOf(signal, target, runId);
    if (end) return { outcome: end, calls };
    const payload = subject.payloadFor(target);
    const request = { id: `${runId}-${place}`, target, payload, traceparent, chain };
    const beganMs = now();
    if (target.type === "async") {
      const late = caller.callInBackground(request).then(lateEndOf);
      calls.push({ target, beganMs, payload, effect: "started", late });
      continue;
    }
    const exchange = await caller.call(request, signal);
    const result = resultOf(exchange, target, subject);
    const { status, durationMs, sent } = exchange;
    const reply = exchange.kind === "replied" ? exchange.body : undefined;
    const facts = { target, beganMs, payload, sent, reply, status, durationMs };
    if (result.kind === "changed") {
      subject = result.subject;
      calls.push({ ...facts, effect: "changed", changedTo: subject });
      continue;
    }
    if (result.kind === "watched") {
      calls.push({ ...facts, effect: "none" });
      continue;
    }
    const effect =
      endOf(signal, target, runId) ??
      effectOfFailure(result.failure, { target, runId, subject: subject.kind, refusal: result.refusal });
    calls.push({ ...facts, effect: effect.kind, failure: result.failure, detail: result.detail });
    if (effect.kind === "refused") return { outcome: effect, calls };
  }
  return { outcome: { kind: "passed", subject, changed: subject !== input.subject }, calls };
}

/** What a run comes to that is at its end before its targets are; undefined while it may go on. */
function endOf(
  { aborted, reason }: AbortSignal,
  target: Target,
  runId: string,
): (RunOutcome<never> & { readonly kind: "refused" }) | undefined {
  return aborted ? { kind: "refused", error: errorOfEnd(reason, target, runId) } : undefined;
}

/** How a call ended whose reply has no meaning. */
function lateEndOf(exchange: Exchange): LateEnd<never> {
  const { status, durationMs } = exchange;
  if (exchange.kind === "replied") return { status, durationMs, reply: exchange.body };
  return { status, durationMs, failure: exchange.failure, detail: exchange.detail };
}

type CallResult<S> =
  | { readonly kind: "watched" }
  | { readonly kind: "changed"; readonly subject: S }
  | {
      readonly kind: "failed";
      readonly failure: CallFailure;
      readonly detail: string;
      readonly refusal?: ForwardedRefusal;
    };

/** What an exchange means for the subject. */
function resultOf<S extends Subject<S>>(exchange: Exchange, target: Target, subject: S): CallResult<S> {
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
  try {
    const replied = subject.repliedBy(target, reply.json);
    return replied ? { kind: "changed", subject: replied } : { kind: "watched" };
  } catch (error) {
    if (error instanceof MessageMismatch) return { kind: "failed", failure: "reply_mismatch", detail: error.message };
    throw error;
  }
}
