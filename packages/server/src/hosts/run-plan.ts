import { hookedMessage, type HookedMessage, type Message, type MessageInCall } from "@interpose/engine";
import { createHiding } from "./hiding.ts";
import { createRunner, type PlanInCall, type RunnerOptions } from "./runner.ts";

/** A plan, and the message that it is carried out for. */
export interface PlanToRun extends Omit<PlanInCall, "side" | "method" | "caller">, MessageInCall {
  readonly side: "request" | "response";
  /** The request that a response answers. */
  readonly request: Message | undefined;
}

/** What running plans for messages needs. */
export interface PlanRunnerOptions extends RunnerOptions {
  /** Paths of fields that no target sees or changes, beside those of each execution. Default: none. */
  readonly hiddenFields?: readonly string[] | undefined;
}

/** Carries a plan out, and answers the message that came of it: the same one, where nothing changed it. Throws what the caller is to see. */
export type RunPlan = (plan: PlanToRun) => Promise<Message>;

/** What all hosts do once they have a plan and a message: hide what its targets must not see, call them in time, and tell of the run. */
export function createPlanRunner({ hiddenFields = [], ...options }: PlanRunnerOptions): RunPlan {
  const hide = createHiding(hiddenFields);
  const run = createRunner(options);
  return async ({ side, plan, message, request, failure, envelope, ...call }) => {
    let shown: HookedMessage | undefined;
    const outcome = await run({ ...call, side, plan, method: envelope.fullMethod, caller: envelope }, () => {
      return (shown = hookedMessage({ ...hide(plan, { message, request, failure }), envelope }));
    });
    return outcome === shown ? message : outcome.message;
  };
}
