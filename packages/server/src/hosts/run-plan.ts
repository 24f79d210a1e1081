import { run, type Envelope, type Message, type Plan, type Run, type TargetCaller } from "@interpose/engine";

/** A plan, and the message that it is carried out for. */
export interface PlanToRun {
  readonly side: "request" | "response";
  readonly plan: Plan;
  readonly message: Message;
  /** The request that a response answers. */
  readonly request: Message | undefined;
  readonly envelope: Envelope;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** The trace that the call belongs to, as it came. */
  readonly traceparent: string | undefined;
}

/** One run, at its end. */
export interface RunEvent {
  readonly runId: string;
  readonly side: "request" | "response";
  /** `/package.Service/Method` */
  readonly method: string;
  readonly plan: Plan;
  readonly run: Run;
}

/** What running needs. */
export interface PlanRunnerOptions {
  readonly targets: TargetCaller;
  readonly newRunId: () => string;
  /** Told of each run at its end. */
  readonly onRun: (event: RunEvent) => void;
}

/** Carries a plan out, and answers the message that came of it: the same one, where nothing changed it. Throws what the caller is to see. */
export type RunPlan = (plan: PlanToRun) => Promise<Message>;

/** What all hosts do once they have a plan and a message. */
export function createPlanRunner({ targets, newRunId, onRun }: PlanRunnerOptions): RunPlan {
  return async ({ side, ...given }) => {
    const runId = newRunId();
    const done = await run({ ...given, runId, caller: targets });
    onRun({ runId, side, method: given.envelope.fullMethod, plan: given.plan, run: done });
    if (done.outcome.kind === "refused") throw done.outcome.error;
    return done.outcome.message;
  };
}
