import {
  compileSnapshot,
  executionsById,
  type Condition,
  type ExecutionOptions,
  type Snapshot,
  type Target,
} from "@interpose/engine";
import { createTargetCaller, type TargetCallerOptions } from "@interpose/caller";
import { createPlanRunner, type RunEvent } from "../../src/hosts/run-plan.ts";
import { newId } from "../../src/ids.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import type { HostParts } from "./hosts.ts";

/** A target as a case has it; the rest is what most cases want. */
export interface CaseTarget extends Partial<Omit<Target, "id" | "endpoint">> {
  readonly endpoint: string;
}

/** Executions that a test sets by itself, with the runner that carries them out. */
export interface TestExecutions extends HostParts {
  /** Sets the executions that are in force from now on, all with the same options. */
  set(
    executions: Readonly<Partial<Record<"request" | "response", readonly CaseTarget[]>>>,
    options?: ExecutionOptions,
  ): void;
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
  let snapshot = snapshotOf({}, revision);
  return {
    runs,
    snapshot: () => snapshot,
    run: createPlanRunner({ targets, newRunId: newId, onRun: (event) => void runs.push(event) }),
    set: (executions, options) => void (snapshot = snapshotOf(executions, ++revision, options)),
  };
}

function snapshotOf(
  given: Readonly<Partial<Record<"request" | "response", readonly CaseTarget[]>>>,
  revision: bigint,
  options?: ExecutionOptions,
): Snapshot {
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
    return entries.length === 0 ? [] : [{ condition, entries, options }];
  });
  return compileSnapshot({ revision, targets, executions: executionsById(executions) });
}
