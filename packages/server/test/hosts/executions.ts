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
import { createPlanRunner, type RunEvent, type RunPlan } from "../../src/hosts/run-plan.ts";
import { newId } from "../../src/ids.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import type { HostParts } from "./host-parts.ts";

/** A target as a case has it; the rest is what most cases want. */
export interface CaseTarget extends Partial<Omit<Target, "id" | "endpoint">> {
  readonly endpoint: string;
}

type CaseExecutions = Readonly<Partial<Record<"request" | "response", readonly CaseTarget[]>>>;

/** Options of all executions of a case. Default: as every execution has them that was not told otherwise. */
export interface CaseOptions extends Partial<ExecutionOptions> {
  /** The setting `hiddenFields`, for all executions there are. */
  readonly hiddenEverywhere?: readonly string[];
}

/** Executions that a test sets by itself, with the runner that carries them out. */
export interface TestExecutions extends HostParts {
  /** Sets the executions that are in force from now on. */
  set(executions: CaseExecutions, options?: CaseOptions): void;
  readonly runs: readonly RunEvent[];
}

const ALL = { kind: "all" } as const;

/** No executions yet. Targets are called by HTTP, on loopback too. */
export function createTestExecutions(t: Cleanup, options: Partial<TargetCallerOptions> = {}): TestExecutions {
  const runs: RunEvent[] = [];
  const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8", "::1/128"], ...options });
  cleanUp(t, () => targets.close());
  cleanUp(t, () => targets.drain(0));
  let revision = 0n;
  let snapshot = snapshotOf({}, {}, revision);
  const chains = createRunChains(randomBytes(32), Date.now);
  const runnerOf = (hiddenFields?: readonly string[]): RunPlan =>
    createPlanRunner({ targets, newRunId: newId, onRun: (event) => void runs.push(event), chains, hiddenFields });
  let run = runnerOf();
  return {
    runs,
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
  const executions = (["request", "response"] as const).flatMap((kind) => {
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
    const condition: Condition = { kind, scope: ALL };
    return entries.length === 0 ? [] : [{ condition, entries, options: { ...DEFAULT_EXECUTION_OPTIONS, ...options } }];
  });
  return compileSnapshot({ revision, targets, executions: executionsById(executions) });
}
