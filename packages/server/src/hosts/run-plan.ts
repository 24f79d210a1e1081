import { randomBytes } from "node:crypto";
import { beginTimeLimit, type TimeLimit } from "@interpose/caller";
import {
  DeadlinePassed,
  InterposeError,
  run,
  type ApiFailure,
  type Envelope,
  type Message,
  type Plan,
  type Run,
  type TargetCaller,
} from "@interpose/engine";
import { hasPassed, type CallContext } from "./call-context.ts";
import { createHiding } from "./hiding.ts";
import { createRunChains, type RunChain, type RunChains } from "./run-chain.ts";

/** A plan, and the message that it is carried out for. */
export interface PlanToRun extends CallContext {
  readonly side: "request" | "response";
  readonly plan: Plan;
  readonly message: Message;
  /** The request that a response answers. */
  readonly request: Message | undefined;
  /** How the API failed, where it has no response; `message` is then the request. */
  readonly failure?: ApiFailure | undefined;
  readonly envelope: Envelope;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** One run, at its end. */
export interface RunEvent {
  readonly runId: string;
  readonly side: "request" | "response";
  /** `/package.Service/Method` */
  readonly method: string;
  readonly plan: Plan;
  /** 1, or more where a target's own call led to the run. */
  readonly depth: number;
  readonly run: Run;
}

/** Bounds of runs. */
export interface RunLimits {
  /** Longest time of one run, whatever its caller allows, in milliseconds. 0: no limit but the caller's. Default: a minute. */
  readonly maxRunMs: number;
  /** How many runs may lead to one another, by calls that targets make. Default: 5. */
  readonly maxRunDepth: number;
}

/** What running needs. */
export interface PlanRunnerOptions {
  readonly targets: TargetCaller;
  readonly newRunId: () => string;
  /** Told of each run at its end, also of one that was refused before it called anybody. */
  readonly onRun: (event: RunEvent) => void;
  readonly limits?: Partial<RunLimits> | undefined;
  /** Chains of runs, proven alike wherever one of them may come back to. Default: proven by a key of this process's own. */
  readonly chains?: RunChains | undefined;
  /** Paths of fields that no target sees or changes, beside those of each execution. Default: none. */
  readonly hiddenFields?: readonly string[] | undefined;
}

/** Carries a plan out, and answers the message that came of it: the same one, where nothing changed it. Throws what the caller is to see. */
export type RunPlan = (plan: PlanToRun) => Promise<Message>;

const DEFAULT_LIMITS: RunLimits = { maxRunMs: 60_000, maxRunDepth: 5 };

/** What all hosts do once they have a plan and a message: hide what its targets must not see, call them in time, and tell of the run. */
export function createPlanRunner(options: PlanRunnerOptions): RunPlan {
  const { targets, newRunId, onRun, limits, hiddenFields = [] } = options;
  const hide = createHiding(hiddenFields);
  const { maxRunMs, maxRunDepth } = { ...DEFAULT_LIMITS, ...limits };
  const chains = options.chains ?? createRunChains(randomBytes(32), Date.now);

  return async ({ side, signal, deadline, runHeader, ...given }) => {
    const runId = newRunId();
    const chain = chains.next(runHeader, { runId, executionId: given.plan.executionId });
    const carryOut = async (): Promise<Run> => {
      if (chain.depth > maxRunDepth) return refused(tooDeep(chain, maxRunDepth));
      const time = beginRunTime(signal, deadline, maxRunMs);
      try {
        const shown = hide(given.plan, given);
        return await run({
          ...given,
          ...shown,
          runId,
          signal: time.signal,
          chain: chains.sign(chain),
          caller: targets,
        });
      } finally {
        time.clear();
      }
    };
    const done = await carryOut();
    onRun({ runId, side, method: given.envelope.fullMethod, plan: given.plan, depth: chain.depth, run: done });
    if (done.outcome.kind === "refused") throw done.outcome.error;
    return done.outcome.changed ? done.outcome.message : given.message;
  };
}

/** Begins the time of a run: what is left of its caller's, or the limit of the settings where that is shorter. */
function beginRunTime(signal: AbortSignal, deadline: number | undefined, maxRunMs: number): TimeLimit {
  const leftMs = deadline === undefined ? Infinity : deadline - performance.now();
  const byCaller = (): DeadlinePassed => new DeadlinePassed("the deadline of the call has passed");
  const byLimit = (): DeadlinePassed =>
    new DeadlinePassed(`not done within limits.maxRunSeconds, ${maxRunMs / 1000} s`);
  const isLimited = maxRunMs > 0 && maxRunMs < leftMs;
  return beginTimeLimit(signal, isLimited ? maxRunMs : leftMs, {
    over: isLimited ? byLimit : byCaller,
    aborted: () => (hasPassed(deadline) ? byCaller() : (signal.reason as unknown)),
  });
}

function refused(error: InterposeError): Run {
  return { outcome: { kind: "refused", error }, calls: [] };
}

function tooDeep({ links }: RunChain, maxRunDepth: number): InterposeError {
  const path = links.map((link) => `${link.executionId} (run ${link.runId})`).join(" → ");
  return new InterposeError(
    "run_too_deep",
    `Targets call in a circle: ${path}. No more than ${maxRunDepth} runs may lead to one another (limits.maxRunDepth). Let a target not call what it is called for.`,
    {
      metadata: {
        runId: links.at(-1)?.runId ?? "",
        executions: links.map(({ executionId }) => executionId).join(" "),
      },
    },
  );
}
