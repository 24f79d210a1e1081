import type { Message } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import type { Call } from "../call.ts";
import type { RunEvent } from "../hosts/run-plan.ts";
import type { Log } from "./log.ts";

/** Carries out a call and logs, at its end, what came of it. A fault of our own is logged with what led to it; a refusal without. */
export async function observeCall(
  log: Log,
  method: string,
  call: Call,
  work: () => Promise<Message>,
): Promise<Message> {
  const started = performance.now();
  const ended = (code: string, error?: unknown): void =>
    log("call.ended", {
      method,
      protocol: call.protocol,
      code,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      userId: call.caller.userId,
      ...(error !== undefined && { error }),
    });
  try {
    const answer = await work();
    ended("ok");
    return answer;
  } catch (error) {
    const expected = error instanceof InterposeError && error.cause === undefined;
    ended(error instanceof InterposeError ? error.code : "internal", expected ? undefined : error);
    throw error;
  }
}

/** Logs a run with each call that it made. */
export function observeRun(log: Log, { runId, side, method, plan, depth, run: { outcome, calls } }: RunEvent): void {
  const reason = outcome.kind === "refused" ? { reason: outcome.error.reason } : {};
  log("run.ended", {
    runId,
    side,
    method,
    executionId: plan.executionId,
    depth,
    outcome: outcome.kind,
    ...reason,
    calls,
  });
}
