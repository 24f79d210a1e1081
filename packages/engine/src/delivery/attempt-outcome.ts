import type { CallFailure } from "../call.ts";
import { readReply } from "../reply.ts";
import { retryDelayMs } from "./retry-schedule.ts";

/** What one attempt to deliver came to, as far as decisions depend on it. */
export type AttemptExchange = {
  /** How long the target asked to wait. */
  readonly retryAfterMs?: number | undefined;
} & (
  | { readonly kind: "replied"; readonly status: number; readonly body: string }
  | { readonly kind: "failed"; readonly failure: CallFailure; readonly status?: number | undefined }
);

/** What became of the delivery. */
export type AttemptDecision =
  | { readonly kind: "succeeded" }
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "dead"; readonly reason: CallFailure }
  /** It waits, with no failure counted, until its queue goes on. */
  | { readonly kind: "held" };

/** What the attempt says of its target as a whole. */
export type TargetSign =
  | { readonly kind: "works" }
  | { readonly kind: "fails" }
  /** It asks for time, and perhaps for how much. */
  | { readonly kind: "slow"; readonly retryAfterMs: number | undefined }
  /** It says that it is gone for good. */
  | { readonly kind: "gone" }
  | { readonly kind: "nothing" };

/** What follows from an attempt. */
export interface AttemptOutcome {
  readonly decision: AttemptDecision;
  readonly failure: CallFailure | undefined;
  readonly sign: TargetSign;
}

/** Where the delivery stands, and what is planned for it. */
export interface AttemptSituation {
  /** Attempts that failed before this one, since it was last set going. */
  readonly failures: number;
  readonly retryDelaysMs: readonly number[];
  /** From 0 up to 1. */
  readonly random: number;
}

/** Failures that the same attempt would meet again, and that say nothing of the target. */
const FINAL: ReadonlySet<CallFailure> = new Set(["egress_denied", "payload_too_large"]);

/** Decides what follows from an attempt, for the delivery and for its target's queue. */
export function attemptOutcome(exchange: AttemptExchange, situation: AttemptSituation): AttemptOutcome {
  if (exchange.kind === "replied") {
    if (readReply(exchange.body).kind !== "refusal")
      return { decision: { kind: "succeeded" }, failure: undefined, sign: { kind: "works" } };
    return { decision: { kind: "dead", reason: "refused" }, failure: "refused", sign: { kind: "works" } };
  }
  const { failure, status, retryAfterMs } = exchange;
  if (FINAL.has(failure)) return { decision: { kind: "dead", reason: failure }, failure, sign: { kind: "nothing" } };
  // The attempt was given up by this side.
  if (failure === "cancelled") return { decision: { kind: "retry", delayMs: 0 }, failure, sign: { kind: "nothing" } };
  if (failure === "status" && status === 410) return { decision: { kind: "held" }, failure, sign: { kind: "gone" } };
  const isSlow = failure === "status" && (status === 429 || status === 503);
  const delayMs = retryDelayMs(situation.failures + 1, { ...situation, retryAfterMs });
  return {
    decision: delayMs === undefined ? { kind: "dead", reason: failure } : { kind: "retry", delayMs },
    failure,
    sign: isSlow ? { kind: "slow", retryAfterMs } : { kind: "fails" },
  };
}

/** Whether an attempt counts as a step in the retry schedule. */
export function countsAsFailure({ decision, failure }: AttemptOutcome): boolean {
  return failure !== undefined && failure !== "cancelled" && decision.kind !== "held";
}
