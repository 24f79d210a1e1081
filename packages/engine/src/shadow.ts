import type { Exchange, TargetCaller, TargetRequest } from "./call.ts";
import type { CallRecord, LateEnd } from "./call-record.ts";
import { factsOf, resultOf, type CallResult } from "./call-result.ts";
import { compareCalls, type CallEnd } from "./comparison.ts";
import type { JsonObject } from "./json.ts";
import { effectOfFailure } from "./policies.ts";
import type { Subject } from "./subject.ts";
import type { Target } from "./target.ts";

/** What a shadow is called within. */
export interface ShadowContext<S> {
  readonly runId: string;
  readonly caller: TargetCaller;
  readonly now: () => number;
  /** What it is told of: the same as the target beside it. */
  readonly shown: S;
  readonly beside: Target | undefined;
  /** What the target beside it came to, or what there is without one. Asked for once the shadow has answered. */
  readonly counted: () => Promise<CountedCall<S>> | CountedCall<S>;
}

/** What the call came to that counts. */
export interface CountedCall<S> extends Omit<CallEnd, "after"> {
  /** What became of the subject. */
  readonly subject: S;
}

/** Begins to call a target beside a run. Nothing waits for it, and whatever it answers is compared, and no more. */
export function beginShadow<S extends Subject<S>>(
  request: Omit<TargetRequest, "payload">,
  context: ShadowContext<S>,
): CallRecord<S> {
  const { target } = request;
  const { caller, beside, shown } = context;
  const facts = { target, beganMs: context.now(), effect: "shadow", beside } as const;
  let payload: JsonObject;
  try {
    payload = shown.payloadFor(target);
  } catch {
    // Where no target in earnest is told of the message, none fails for it either.
    const late: LateEnd<never> = { durationMs: 0, failure: "exchange", detail: "what it is told could not be written" };
    return { ...facts, payload: {}, late: Promise.resolve(late) };
  }
  const exchange = caller.callInBackground({ ...request, payload });
  return { ...facts, payload, late: exchange.then((ended) => compared(ended, target, context)) };
}

async function compared<S extends Subject<S>>(
  exchange: Exchange,
  target: Target,
  { shown, counted, runId }: ShadowContext<S>,
): Promise<LateEnd<S>> {
  const result = resultOfShadow(exchange, target, shown);
  const { failure, detail, refusal } = result.kind === "failed" ? result : {};
  const changedTo = result.kind === "changed" ? result.subject : undefined;
  const facts = { ...factsOf(exchange), failure, detail };
  try {
    const { subject, ...count } = await counted();
    const effect = failure
      ? effectOfFailure(failure, { target, runId, subject: shown.kind, refusal }).kind
      : changedTo
        ? "changed"
        : "none";
    const made = changedTo ?? shown;
    const after = made.stateFor(target);
    const comparison = compareCalls({ ...count, after: subject.stateFor(target) }, { effect, failure, detail, after });
    return { ...facts, changedTo: effect === "refused" ? undefined : made, comparison: { ...comparison, effect } };
  } catch {
    // The run itself broke off by a fault of ours, which its caller is told of.
    return facts;
  }
}

/** What a shadow's answer would mean. One that no run would wait for could do nothing by it; and whatever cannot be read is its own fault. */
function resultOfShadow<S extends Subject<S>>(exchange: Exchange, target: Target, shown: S): CallResult<S> {
  if (target.type === "async" && exchange.kind === "replied") return { kind: "watched" };
  try {
    return resultOf(exchange, target, shown);
  } catch {
    return { kind: "failed", failure: "reply_mismatch", detail: "the reply could not be applied to the message" };
  }
}
