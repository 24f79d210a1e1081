import { randomBytes } from "node:crypto";
import { beginTimeLimit, type TimeLimit } from "@interpose/caller";
import {
  DeadlinePassed,
  InterposeError,
  run,
  type Plan,
  type Recordable,
  type Run,
  type Subject,
  type TargetCaller,
} from "@interpose/engine";
import { hasPassed, type CallContext } from "./call-context.ts";
import { createRunChains, type RunChain, type RunChains } from "./run-chain.ts";

/** When a run takes place: for a request, a response (or the error in its place), or the invocation of a function. */
export type RunSide = "request" | "response" | "function";

/** Who made the call that a run belongs to, as far as it is known. */
export interface RunCaller {
  readonly userId?: string | undefined;
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
}

/** A plan, and the call that it is carried out within. */
export interface PlanInCall extends CallContext {
  readonly side: RunSide;
  readonly plan: Plan;
  /** `/package.Service/Method` of the message. Undefined: it is about no message. */
  readonly method: string | undefined;
  readonly caller: RunCaller;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** One run, at its end. */
export interface RunEvent {
  readonly runId: string;
  readonly side: RunSide;
  readonly method: string | undefined;
  readonly plan: Plan;
  /** Where it came by, see RunnerOptions. */
  readonly host: string;
  readonly caller: RunCaller;
  /** 1, or more where a target's own call led to the run. */
  readonly depth: number;
  /** When it began, by the clock of `performance.now()`, as its calls have it. */
  readonly beganMs: number;
  readonly durationMs: number;
  /** What it was about. Undefined: it was refused before it called anybody. */
  readonly subject: Recordable | undefined;
  readonly run: Run<Recordable>;
}

/** Bounds of runs. */
export interface RunLimits {
  /** Longest time of one run, whatever its caller allows, in milliseconds. 0: no limit but the caller's. Default: a minute. */
  readonly maxRunMs: number;
  /** How many runs may lead to one another, by calls that targets make. Default: 5. */
  readonly maxRunDepth: number;
}

/** What running needs. */
export interface RunnerOptions {
  readonly targets: TargetCaller;
  readonly newRunId: () => string;
  /** Where what is run comes by: `api` for the own API, `gateway/NAME`, `interceptor` for this process. Default: `api`. */
  readonly host?: string | undefined;
  /** Told of each run at its end, also of one that was refused before it called anybody. */
  readonly onRun: (event: RunEvent) => void;
  readonly limits?: Partial<RunLimits> | undefined;
  /** Chains of runs, proven alike wherever one of them may come back to. Default: proven by a key of this process's own. */
  readonly chains?: RunChains | undefined;
}

/**
 * Carries a plan out, in time and with its place in the chain of runs, and answers what came of its subject: the same one, where nothing changed it. Throws what
 * the caller is to see. The subject is made once it is clear that the run takes place.
 */
export type Runner = <S extends Subject<S>>(within: PlanInCall, subject: () => S) => Promise<S>;

const DEFAULT_LIMITS: RunLimits = { maxRunMs: 60_000, maxRunDepth: 5 };

/** What all runs have in common, whatever they are about. */
export function createRunner({ targets, newRunId, host = "api", onRun, limits, ...given }: RunnerOptions): Runner {
  const { maxRunMs, maxRunDepth } = { ...DEFAULT_LIMITS, ...limits };
  const chains = given.chains ?? createRunChains(randomBytes(32), Date.now);

  return async <S extends Subject<S>>(within: PlanInCall, subject: () => S): Promise<S> => {
    const { side, plan, method, caller, signal, deadline, traceparent, runHeader } = within;
    const beganMs = performance.now();
    const runId = newRunId();
    const chain = chains.next(runHeader, { runId, executionId: plan.executionId });
    let first: S | undefined;
    const carryOut = async (): Promise<Run<S>> => {
      if (chain.depth > maxRunDepth) return refused(tooDeep(chain, maxRunDepth));
      const time = beginRunTime(signal, deadline, maxRunMs);
      try {
        return await run({
          runId,
          plan,
          subject: (first = subject()),
          caller: targets,
          signal: time.signal,
          traceparent,
          chain: chains.sign(chain),
          now: () => performance.now(),
        });
      } finally {
        time.clear();
      }
    };
    const done = await carryOut();
    const durationMs = performance.now() - beganMs;
    const { depth } = chain;
    onRun({ runId, side, method, plan, host, caller, depth, beganMs, durationMs, subject: first, run: done });
    if (done.outcome.kind === "refused") throw done.outcome.error;
    return done.outcome.subject;
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

function refused(error: InterposeError): Run<never> {
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
