import { randomBytes } from "node:crypto";
import {
  compileSnapshot,
  DEFAULT_EXECUTION_OPTIONS,
  executionsById,
  type Condition,
  type ExecutionOptions,
  type PayloadType,
  type Snapshot,
  type Target,
} from "@interpose/engine";
import { createTargetCaller, type TargetCallerOptions, type TargetCredentials } from "@interpose/caller";
import { createRunChains } from "../../src/hosts/run-chain.ts";
import { createPlanRunner, type RunPlan } from "../../src/hosts/run-plan.ts";
import { createRunner, type RunEvent, type Runner, type RunnerOptions } from "../../src/hosts/runner.ts";
import { newId } from "../../src/ids.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { payloadTypeOf } from "../harness/payload-types.ts";
import { TEST_CREDENTIALS, TEST_SIGNING } from "../harness/test-keys.ts";
import type { HostParts } from "./host-parts.ts";

/** A target as a case has it; the rest is what most cases want. */
export interface CaseTarget extends Partial<Omit<Target, "id" | "endpoint">> {
  readonly endpoint: string;
  /** What calls of it prove themselves with. Default: what the tests' endpoints expect. */
  readonly credentials?: TargetCredentials | undefined;
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
  /** Of targets that are set without a payload type. */
  payloadType: PayloadType;
  /** Carries out what is about no message. */
  readonly runner: Runner;
  readonly runs: readonly RunEvent[];
}

/** No executions yet. Targets are called by HTTP, on loopback too. */
export function createTestExecutions(t: Cleanup, options: Partial<TargetCallerOptions> = {}): TestExecutions {
  const runs: RunEvent[] = [];
  let credentials: ReadonlyMap<string, TargetCredentials> = new Map();
  const targets = createTargetCaller({
    egressAllow: ["127.0.0.0/8", "::1/128"],
    ...TEST_SIGNING,
    credentialsOf: (id) => credentials.get(id),
    ...options,
  });
  cleanUp(t, () => targets.close());
  cleanUp(t, () => targets.drain(0));
  let revision = 0n;
  let snapshot = snapshotOf({}, {}, revision, "json");
  const chains = createRunChains(randomBytes(32), Date.now);
  const running: RunnerOptions = { targets, newRunId: newId, onRun: (event) => void runs.push(event), chains };
  const runnerOf = (hiddenFields?: readonly string[]): RunPlan => createPlanRunner({ ...running, hiddenFields });
  let run = runnerOf();
  const executions: TestExecutions = {
    payloadType: payloadTypeOf(0),
    runs,
    runner: createRunner(running),
    snapshot: () => snapshot,
    run: (plan) => run(plan),
    set(given, { hiddenEverywhere, ...options } = {}) {
      snapshot = snapshotOf(given, options, ++revision, executions.payloadType);
      credentials = new Map(targetsOf(given).map(({ id, target }) => [id, target.credentials ?? TEST_CREDENTIALS]));
      run = runnerOf(hiddenEverywhere);
    },
  };
  return executions;
}

/** The targets of each condition, with the ids that they have in their cases: `request-1`, `request-2`... */
function targetsOf(
  given: CaseExecutions,
): readonly { readonly id: string; readonly kind: keyof typeof CONDITIONS; readonly target: CaseTarget }[] {
  const kinds = Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[];
  return kinds.flatMap((kind) => (given[kind] ?? []).map((target, i) => ({ id: `${kind}-${i + 1}`, kind, target })));
}

function snapshotOf(
  given: CaseExecutions,
  options: Partial<ExecutionOptions>,
  revision: bigint,
  payloadType: PayloadType,
): Snapshot {
  const all = targetsOf(given);
  const targets = new Map<string, Target>(
    all.map(({ id, target: { credentials: _credentials, ...target } }) => [
      id,
      {
        name: id,
        type: "call",
        timeoutMs: 5_000,
        interruptOnError: true,
        dialect: "v3alpha",
        payloadType,
        ...target,
        id,
      },
    ]),
  );
  const executions = [...Map.groupBy(all, ({ kind }) => kind)].map(([kind, entries]) => {
    const condition: Condition = CONDITIONS[kind];
    const targetIds = entries.map(({ id }) => ({ target: id }));
    return { condition, entries: targetIds, options: { ...DEFAULT_EXECUTION_OPTIONS, ...options } };
  });
  return compileSnapshot({ revision, targets, executions: executionsById(executions) });
}
