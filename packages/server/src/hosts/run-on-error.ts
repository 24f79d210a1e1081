import type { ApiFailure, Message } from "@interpose/engine";
import type { PlanToRun, RunPlan } from "./run-plan.ts";

/** A response plan, for a call that has no response. */
export interface PlanForError extends Omit<PlanToRun, "side" | "message" | "failure" | "request"> {
  /** The request that led to the error, as request targets left it. */
  readonly request: Message;
}

/**
 * Runs a response plan for a call that the API failed, where its execution asks for that. Throws what a target put in the place of the error, or a target's own
 * failure did; otherwise the error stands as it was. A caller that is gone, or waits no longer, is told nothing, so nobody is asked.
 */
export async function runOnError(
  run: RunPlan,
  failure: ApiFailure,
  { request, ...given }: PlanForError,
): Promise<void> {
  const { plan, signal, deadline } = given;
  const isLate = signal.aborted || (deadline !== undefined && performance.now() >= deadline);
  if (!plan.options?.runOnErrors || isLate) return;
  await run({ ...given, side: "response", message: request, request: undefined, failure });
}
