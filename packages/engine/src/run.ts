import type { TargetCaller, TargetRequest } from "./call.ts";
import type { CallRecord } from "./call-record.ts";
import { factsOf, resultOf } from "./call-result.ts";
import type { CallEnd } from "./comparison.ts";
import type { InterposeError } from "./error.ts";
import type { Plan } from "./plan.ts";
import { effectOfFailure, errorOfEnd } from "./policies.ts";
import { beginShadow, type CountedCall } from "./shadow.ts";
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

/**
 * Carries a plan out for one subject: calls its targets in order, each with what the ones before made of it, until all are
 * called or one that interrupts has failed. Once its signal is aborted it calls no more, and ends refused, also where the target that was
 * being called would have been ignored. A last answer that came before that counts. Shadows are called at the same time as the target before them, and told
 * the same; nothing of the run depends on them.
 */
export async function run<S extends Subject<S>>(input: RunInput<S>): Promise<Run<S>> {
  const { plan, signal, runId } = input;
  const { targets } = plan;
  const shadows = plan.options?.shadowTargets ?? NO_SHADOWS;
  const calls: CallRecord<S>[] = [];
  let { subject } = input;
  let place = 0;

  /** Begins the shadows that stand next in the plan, if any do. */
  function beginShadows(
    shown: S,
    beside: Target | undefined,
    counted: () => Promise<CountedCall<S>> | CountedCall<S>,
  ): void {
    for (let next = targets[place]; next && shadows.includes(next.id); next = targets[place]) {
      place++;
      const request = requestFor(input, next, place, "shadow");
      calls.push(beginShadow(request, { ...input, shown, beside, counted }));
    }
  }

  beginShadows(subject, undefined, () => ({ effect: "none", subject: input.subject }));
  for (let target = targets[place]; target; target = targets[place]) {
    const end = endOf(signal, target, runId);
    if (end) return { outcome: end, calls };
    place++;
    const shown = subject;
    const at = calls.length;
    const calling = callOne(input, target, place, shown);
    beginShadows(shown, target, async () => {
      const { record, subject: made } = await calling;
      return { ...record, subject: made };
    });
    const called = await calling;
    calls.splice(at, 0, called.record);
    if (called.refused) return { outcome: called.refused, calls };
    ({ subject } = called);
  }
  return { outcome: { kind: "passed", subject, changed: subject !== input.subject }, calls };
}

const NO_SHADOWS: readonly string[] = [];

type Refused = RunOutcome<never> & { readonly kind: "refused" };

/** What one call within a run came to. */
interface Called<S> {
  readonly record: CallRecord<S> & { readonly effect: CallEnd["effect"] };
  /** What its reply made of the subject: the same one, where it changed nothing. */
  readonly subject: S;
  /** The run ends with it. */
  readonly refused?: Refused | undefined;
}

async function callOne<S extends Subject<S>>(
  input: RunInput<S>,
  target: Target,
  place: number,
  subject: S,
): Promise<Called<S>> {
  const { caller, signal, runId, now } = input;
  const payload = subject.payloadFor(target);
  const request = { ...requestFor(input, target, place), payload };
  const beganMs = now();
  if (target.type === "async") {
    const late = caller.callInBackground(request).then(factsOf);
    return { record: { target, beganMs, payload, effect: "started", late }, subject };
  }
  const exchange = await caller.call(request, signal);
  const result = resultOf(exchange, target, subject);
  const { status, durationMs, reply } = factsOf(exchange);
  const facts = { target, beganMs, payload, sent: exchange.sent, reply, status, durationMs };
  if (result.kind === "watched") return { record: { ...facts, effect: "none" }, subject };
  if (result.kind === "changed") {
    const { subject: made } = result;
    return { record: { ...facts, effect: "changed", changedTo: made }, subject: made };
  }
  const { failure, detail, refusal } = result;
  const effect =
    endOf(signal, target, runId) ?? effectOfFailure(failure, { target, runId, subject: subject.kind, refusal });
  const record = { ...facts, effect: effect.kind, failure, detail };
  return { record, subject, refused: effect.kind === "refused" ? effect : undefined };
}

/** What each call of a target is made with, but for what it is told. */
function requestFor(
  { runId, traceparent, chain }: Pick<RunInput<unknown>, "runId" | "traceparent" | "chain">,
  target: Target,
  place: number,
  purpose?: TargetRequest["purpose"],
): Omit<TargetRequest, "payload"> {
  return { id: `${runId}-${place}`, target, traceparent, chain, ...(purpose && { purpose }) };
}

/** What a run comes to that is at its end before its targets are; undefined while it may go on. */
function endOf({ aborted, reason }: AbortSignal, target: Target, runId: string): Refused | undefined {
  return aborted ? { kind: "refused", error: errorOfEnd(reason, target, runId) } : undefined;
}
