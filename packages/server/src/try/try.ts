import type { DeliveryExchange, HttpTargetCaller } from "@interpose/caller";
import {
  InterposeError,
  planForFunction,
  type CallRecord,
  type JsonObject,
  type LateEnd,
  type Message,
  type Plan,
  type Recordable,
  type Snapshot,
  type Target,
} from "@interpose/engine";
import type { Call } from "../call.ts";
import { createInvoker, type FunctionCatalog } from "../functions/index.ts";
import { createPlanRunner } from "../hosts/run-plan.ts";
import { createRunner, type RunEvent, type RunnerOptions } from "../hosts/runner.ts";
import { beginTryTime, createTryCaller } from "./try-caller.ts";

/** What trying needs. */
export interface TryParts {
  /** As all runs have it. Nothing that is tried goes on record, or into the log. */
  readonly running: Omit<RunnerOptions, "targets" | "onRun" | "host">;
  readonly deliver: HttpTargetCaller["deliver"];
  readonly snapshot: () => Snapshot;
  readonly functions: FunctionCatalog;
  /** Paths of what no target sees. */
  readonly hiddenFields: readonly string[];
}

/** A message to try. */
export interface TriedMessage {
  readonly side: "request" | "response";
  /** `/package.Service/Method` */
  readonly method: string;
  readonly message: Message;
  /** The request that a response answers. */
  readonly request: Message | undefined;
}

/** One call that was made. */
export interface TriedCall {
  readonly record: CallRecord<Recordable>;
  /** Of one that a run would not have waited for. */
  readonly end: LateEnd<Recordable> | undefined;
  /** What is known of it beyond that. */
  readonly exchange: DeliveryExchange | undefined;
}

/** What came of it. */
export interface Tried {
  readonly calls: readonly TriedCall[];
  /** When it began, by the clock that calls have. */
  readonly beganMs: number;
  readonly outcome: "passed" | "changed" | "refused";
  readonly error: InterposeError | undefined;
  /** What it was about, before all calls; undefined: nobody was called. */
  readonly subject: Recordable | undefined;
  /** What targets were shown before all of them, and what became of it; undefined: nobody was called. */
  readonly shown: { readonly before: JsonObject; readonly after: JsonObject } | undefined;
}

/** The plan of one target alone, in place of what an execution would call. Hidden is what that execution hides. */
export function planOfOne(target: Target, of: Plan): Plan {
  const options = of.options && { ...of.options, shadowTargets: [] };
  return { executionId: "", condition: of.condition, targets: [target], ...(options && { options }) };
}

/** Carries a plan out for a message, as a host would, and answers what became of it too. */
export async function tryMessage(
  parts: TryParts,
  { side, method, message, request }: TriedMessage,
  plan: Plan,
  call: Call,
): Promise<{ readonly tried: Tried; readonly message: Message }> {
  let after = message;
  const { instanceId, caller, context, signal } = call;
  const { userId, orgId } = caller;
  const envelope = { fullMethod: method, instanceId, userId, orgId };
  const tried = await carryOut(parts, signal, async (running) => {
    const run = createPlanRunner({ ...running, hiddenFields: parts.hiddenFields });
    after = await run({ ...context, side, plan, message, request, envelope, signal });
  });
  return { tried, message: after };
}

/** Invokes a function, as its callers would. Throws `function_not_found` and `function_input_invalid`. */
export async function tryFunction(
  parts: TryParts,
  name: string,
  input: JsonObject,
  { plan, call }: { readonly plan: Plan | undefined; readonly call: Call },
): Promise<Tried> {
  const { instanceId, caller, context, signal } = call;
  const { snapshot, functions: catalog, hiddenFields } = parts;
  const now = snapshot();
  const isOther = plan !== undefined && plan !== planForFunction(now, name);
  const current = isOther ? { ...now, functions: new Map([[name, plan]]) } : now;
  return carryOut(parts, signal, async (running) => {
    const invoke = createInvoker({ catalog, snapshot: () => current, run: createRunner(running), hiddenFields });
    await invoke(name, input, { ...context, instanceId, signal, caller });
  });
}

async function carryOut(
  { running, deliver }: TryParts,
  signal: AbortSignal,
  work: (running: RunnerOptions) => Promise<void>,
): Promise<Tried> {
  const beganMs = performance.now();
  const time = beginTryTime(signal, running.limits?.maxRunMs ?? 0);
  const targets = createTryCaller(deliver, time.signal);
  let event: RunEvent | undefined;
  let error: InterposeError | undefined;
  try {
    await work({ ...running, targets, onRun: (ended) => (event = ended) });
  } catch (thrown) {
    // What was refused before there was a run is no answer of its targets.
    if (!event || !(thrown instanceof InterposeError)) throw thrown;
    error = thrown;
  }
  if (!event) return { calls: [], beganMs, outcome: "passed", error: undefined, subject: undefined, shown: undefined };
  const { runId, run, subject, plan } = event;
  const calls = await Promise.all(
    run.calls.map(async (record, i) => {
      const end = await record.late;
      return { record, end, exchange: targets.exchangeOf(`${runId}-${i + 1}`) };
    }),
  );
  time.clear();
  const { outcome } = run;
  const [spelled] = plan.targets;
  const before = subject && spelled && stateOf(subject, spelled);
  const after = outcome.kind === "passed" && spelled ? stateOf(outcome.subject, spelled) : before;
  return {
    calls,
    beganMs,
    outcome: outcome.kind === "refused" ? "refused" : outcome.changed ? "changed" : "passed",
    error,
    subject,
    shown: before && after && { before, after },
  };
}

/** In lowerCamelCase, whatever dialect the targets speak. */
function stateOf(subject: Recordable, target: Target): JsonObject {
  return subject.stateFor({ ...target, dialect: "v2" });
}
