import type { CallFailure } from "./call.ts";
import { DeadlinePassed } from "./deadline.ts";
import { InterposeError, type ErrorReason } from "./error.ts";
import type { ForwardedRefusal } from "./reply.ts";
import type { RpcCode } from "./rpc-code.ts";
import type { Subject } from "./subject.ts";
import type { Target } from "./target.ts";

/** What a failed call means for the message. */
export type FailureEffect =
  /** The run goes on as if the target had not been there. */
  | { readonly kind: "ignored" }
  /** The run ends, and the caller of the API gets the error. */
  | { readonly kind: "refused"; readonly error: InterposeError };

/** What the caller is told of each failure, where the target interrupts. The list is complete: a failure without a policy does not compile. */
const REFUSALS: Readonly<
  Record<
    Exclude<CallFailure, "refused" | "deadline" | "cancelled">,
    {
      readonly reason: ErrorReason;
      readonly what: string;
      /** In place of the reason's own. */
      readonly code?: RpcCode;
      /** The contract's, where it has one of its own for the case. */
      readonly id?: string;
    }
  >
> = {
  dns: { reason: "target_unavailable", what: "could not be reached" },
  egress_denied: { reason: "target_unavailable", what: "may not be called from here" },
  connect: { reason: "target_unavailable", what: "could not be reached" },
  authorization: { reason: "target_unavailable", what: "could not be called for want of an access token" },
  tls: { reason: "target_unavailable", what: "could not be reached safely" },
  exchange: { reason: "target_unavailable", what: "broke off" },
  timeout: { reason: "target_timed_out", what: "did not answer in time" },
  status: { reason: "target_failed", what: "failed" },
  redirect: { reason: "target_failed", what: "redirected to where calls do not follow" },
  payload_too_large: { reason: "target_failed", what: "cannot be sent a message of this size" },
  unsealable: {
    reason: "target_failed",
    what: "cannot be sent a message that is signed or encrypted as it wants it",
    code: "internal",
    id: "EXEC-2n8fhs7g",
  },
  reply_too_large: { reason: "target_reply_invalid", what: "answered more than is read" },
  reply_not_json: { reason: "target_reply_invalid", what: "answered what is not a JSON object" },
  reply_mismatch: { reason: "target_reply_invalid", what: "answered what does not fit the message" },
};

/** What is told otherwise where a function was invoked. The contract has an id of its own for a reply that can't be read. */
const OF_FUNCTIONS: Partial<
  Record<CallFailure, { readonly what: string } | { readonly id: string; readonly key: string }>
> = {
  reply_not_json: { id: "ACTION-4m9s2", key: "Errors.Execution.ResponseIsNotValidJSON" },
  reply_mismatch: { what: "answered what does not fit the function" },
};

/** What a failure is about: who failed, and in which run. */
export interface FailureContext {
  readonly target: Target;
  readonly runId: string;
  /** What the run is about. */
  readonly subject: Subject<unknown>["kind"];
  /** There when the failure is `refused`. */
  readonly refusal?: ForwardedRefusal | undefined;
}

/**
 * The one effect of a failure: without `interruptOnError` it is ignored, with it the message is refused. The caller is told the run's
 * id, by which an operator finds what happened, and never the target's URL. Where the run itself is at its end, the message is refused in any case.
 */
export function effectOfFailure(
  failure: CallFailure,
  { target, runId, subject, refusal }: FailureContext,
): FailureEffect {
  const metadata = { runId, targetId: target.id };
  if (failure === "deadline" || failure === "cancelled")
    return { kind: "refused", error: failure === "deadline" ? timedOut(target, runId) : cancelled(target, runId) };
  if (!target.interruptOnError) return { kind: "ignored" };
  if (failure === "refused") {
    const text = refusal?.text === undefined || refusal.text === "" ? "A target refused the call." : refusal.text;
    const error = new InterposeError("target_refused", text, {
      code: refusal?.code,
      id: refusal?.id,
      key: text,
      metadata,
    });
    return { kind: "refused", error };
  }
  const { reason, what, id, key, code } = {
    // The contract has one id for a target that fails; the cases that ZITADEL has no id for share it.
    id: "EXEC-dra6yamk98",
    key: "Errors.Execution.Failed",
    ...REFUSALS[failure],
    ...(subject === "function" && OF_FUNCTIONS[failure]),
  };
  const text = `Execution failed: target "${target.name}" ${what}. Run ${runId} has the record.`;
  return { kind: "refused", error: new InterposeError(reason, text, { id, key, code, metadata }) };
}

/**
 * What the caller is told when a run is at its end before its targets are, by the reason of its signal: past the deadline nobody waits for an answer any
 * more, so that targets whose failures are ignored can't add up beyond it. `target` is the one that was being called, or would have been next.
 */
export function errorOfEnd(reason: unknown, target: Target, runId: string): InterposeError {
  return reason instanceof DeadlinePassed ? timedOut(target, runId) : cancelled(target, runId);
}

function timedOut(target: Target, runId: string): InterposeError {
  const text = `Execution failed: the time of the call was over before target "${target.name}" had answered. Run ${runId} has the record.`;
  return new InterposeError("run_timed_out", text, { metadata: { runId, targetId: target.id } });
}

function cancelled(target: Target, runId: string): InterposeError {
  const metadata = { runId, targetId: target.id };
  return new InterposeError("target_unavailable", "The call was cancelled while its targets were being called.", {
    code: "cancelled",
    metadata,
  });
}
