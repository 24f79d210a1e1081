import { randomBytes } from "node:crypto";
import {
  compileSnapshot,
  DEFAULT_EXECUTION_OPTIONS,
  executionsById,
  type Condition,
  type ExecutionOptions,
  type Snapshot,
  type Target,
} from "@interpose/engine";
import { createTargetCaller, type TargetCallerOptions } from "@interpose/caller";
import { createRunChains } from "../../src/hosts/run-chain.ts";
import { createPlanRunner, type RunPlan } from "../../src/hosts/run-plan.ts";
import { createRunner, type RunEvent, type Runner, type RunnerOptions } from "../../src/hosts/runner.ts";
import { newId } from "../../src/ids.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import type { HostParts } from "./host-parts.ts";

/** A target as a case has it; the rest is what most cases want. */
export interface CaseTarget extends Partial<Omit<Target, "id" | "endpoint">> {
  readonly endpoint: string;
}

/** The function that cases set executions on. */
export const CASE_FUNCTION = "price";
const CONDITIONS = {
  request: { kind: "request", scope: { kind: "all" } },
  response: { kind: "response", scope: { kind: "all" } },
  function: { kind: "function", name: CASE_FUNCTION },
} as const satisfies Record<string, Condition>;

type CaseExecutions = Readonly<Partial<Record<keyof typeof CONDITIONS, readonly CaseTarget[]>>>;

/** Options of all executions of a case. Default: as every execution has them that was not told otherwise. */
export interface CaseOptions extends Partial<ExecutionOptions> {
  /** The setting `hiddenFields`, for all executions there are. */
  readonly hiddenEverywhere?: readonly string[];
}

/** Executions that a test sets by itself, with the runner that carries them out. */
export interface TestExecutions extends HostParts {
  /** Sets the executions that are in force from now on. */
  set(executions: CaseExecutions, options?: CaseOptions): void;
  /** Carries out what is about no message. */
  readonly runner: Runner;
  readonly runs: readonly RunEvent[];
}

/** No executions yet. Targets are called by HTTP, on loopback too. */
export function createTestExecutions(t: Cleanup, options: Partial<TargetCallerOptions> = {}): TestExecutions {
  const runs: RunEvent[] = [];
  const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8", "::1/128"], ...options });
  cleanUp(t, () => targets.close());
  cleanUp(t, () => targets.drain(0));
  let revision = 0n;
  let snapshot = snapshotOf({}, {}, revision);
  const chains = createRunChains(randomBytes(32), Date.now);
  const running: RunnerOptions = { targets, newRunId: newId, onRun: (event) => void runs.push(event), chains };
  const runnerOf = (hiddenFields?: readonly string[]): RunPlan => createPlanRunner({ ...running, hiddenFields });
  let run = runnerOf();
  return {
    runs,
    runner: createRunner(running),
    snapshot: () => snapshot,
    run: (plan) => run(plan),
    set(executions, { hiddenEverywhere, ...options } = {}) {
      snapshot = snapshotOf(executions, options, ++revision);
      run = runnerOf(hiddenEverywhere);
    },
  };
}

function snapshotOf(given: CaseExecutions, options: Partial<ExecutionOptions>, revision: bigint): Snapshot {
  const targets = new Map<string, Target>();
  const executions = (Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]).flatMap((kind) => {
    const entries = (given[kind] ?? []).map((target, i) => {
      const id = `${kind}-${i + 1}`;
      targets.set(id, {
        name: id,
        type: "call",
        timeoutMs: 5_000,
        interruptOnError: true,
        dialect: "v3alpha",
        ...target,
        id,
      });
      return { target: id };
    });
    const condition: Condition = CONDITIONS[kind];
    return entries.length === 0 ? [] : [{ condition, entries, options: { ...DEFAULT_EXECUTION_OPTIONS, ...options } }];
  });
  return compileSnapshot({ revision, targets, executions: executionsById(executions) });
}
