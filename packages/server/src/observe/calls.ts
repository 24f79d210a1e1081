import type { Message } from "@bufbuild/protobuf";
import { InterposeError, type CallRecord } from "@interpose/engine";
import type { Call } from "../call.ts";
import type { MessageStream } from "../hosts/own-api/message-stream.ts";
import type { RunEvent } from "../hosts/runner.ts";
import type { Log } from "./log.ts";

/** Carries out calls, and tells of the end of each. */
export interface CallObserver {
  unary(method: string, call: Call, work: () => Promise<Message>): Promise<Message>;
  /** The end of the stream is that of the call. */
  stream(method: string, call: Call, work: () => Promise<MessageStream>): Promise<MessageStream>;
}

/** Logs, at the end of each call, what came of it. A fault of our own is logged with what led to it; a refusal without. */
export function createCallObserver(log: Log): CallObserver {
  /** Begins a call; answers what is told of its end. `failure`: what it ended with, where it did not end well. */
  function begin(
    method: string,
    call: Call,
  ): (failure: { readonly error: unknown } | undefined, messages?: number) => void {
    const started = performance.now();
    return (failure, messages) => {
      const { error } = failure ?? {};
      const refusal = error instanceof InterposeError ? error : undefined;
      const isExpected = refusal && refusal.cause === undefined;
      log("call.ended", {
        method,
        protocol: call.protocol,
        code: failure ? (refusal?.code ?? "internal") : "ok",
        durationMs: Math.round((performance.now() - started) * 10) / 10,
        userId: call.caller.userId,
        ...(messages !== undefined && { messages }),
        ...(failure && !isExpected && { error }),
      });
    };
  }
  return {
    async unary(method, call, work) {
      const ended = begin(method, call);
      try {
        const answer = await work();
        ended(undefined);
        return answer;
      } catch (error) {
        ended({ error });
        throw error;
      }
    },
    async stream(method, call, work) {
      const ended = begin(method, call);
      try {
        const stream = await work();
        void stream.ended.then(({ failure, messages }) => ended(failure, messages));
        return stream;
      } catch (error) {
        ended({ error }, 0);
        throw error;
      }
    },
  };
}

/** Logs a run with each call that it made. */
export function observeRun(log: Log, { runId, side, method, plan, depth, run: { outcome, calls } }: RunEvent): void {
  const reason = outcome.kind === "refused" ? { reason: outcome.error.reason } : {};
  log("run.ended", {
    runId,
    side,
    ...(method !== undefined && { method }),
    executionId: plan.executionId,
    depth,
    outcome: outcome.kind,
    ...reason,
    calls: calls.map(told),
  });
  for (const { target, beside, late } of calls) {
    if (late)
      void late.then(({ comparison, failure }) => {
        if (!comparison || comparison.isSame) return;
        const { effect, differences } = comparison;
        const about = { runId, targetId: target.id, besideId: beside?.id };
        log("shadow.differed", { ...about, effect, failure, differences: differences.length });
      });
  }
}

/** Shadows that are left out come in crowds; they are told of no more often. */
const TELL_DROPPED_MS = 10_000;

/** Logs that shadows were left out, with how many they were since the start, every 10 seconds at most. */
export function createDropObserver(log: Log): (count: number) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (count) => {
    const now = performance.now();
    if (now - told < TELL_DROPPED_MS) return;
    told = now;
    log("shadow.dropped", { count });
  };
}

/** A call without what it was sent and answered, which is nobody's who reads a log. */
function told({ target, effect, failure, status, durationMs, detail }: CallRecord<unknown>): object {
  return { targetId: target.id, effect, failure, status, durationMs, detail };
}
