import { missedByVersion } from "../missed-by-version.ts";
import { conditionId } from "../condition.ts";
import type { Execution } from "../execution.ts";
import type { Plan, PlanSources } from "../plan.ts";
import { planForEvent, planForFunction, planForMethod, type Snapshot } from "../router.ts";
import { possibleExecutions, type PossibleExecution } from "./candidates.ts";
import type { Candidate, Explanation } from "./explanation.ts";
import { nearExecutions } from "./near-executions.ts";
import { reasonOf, type Standing } from "./reasons.ts";
import { stepsOf } from "./steps.ts";
import type { ExplainedSubject } from "./subject.ts";
import { summaryOf } from "./summary.ts";

/** What is explained by. */
export interface ExplainSources extends PlanSources {
  /** Compiled of the very same targets and executions. */
  readonly snapshot: Snapshot;
  /** Services on which no execution runs. */
  readonly neverHooked: ReadonlySet<string>;
}

/** Explains what a call, an invocation or an event would meet: the winner is asked of the same router as theirs. */
export function explain(subject: ExplainedSubject, sources: ExplainSources): Explanation {
  const { executions, neverHooked } = sources;
  const isMessage = subject.kind === "request" || subject.kind === "response";
  const neverRuns = isMessage && neverHooked.has(subject.service);
  const plan = neverRuns ? undefined : planFor(subject, sources.snapshot);
  const possible = possibleExecutions(subject, executions);
  const winner = possible.find(({ executionId }) => executionId === plan?.executionId);
  const winnerAt = winner ? possible.indexOf(winner) : possible.length;
  const candidates = possible.map((each, i): Candidate => {
    const standing: Standing = neverRuns
      ? { kind: each.execution ? "never" : "not set" }
      : standingOf(each, winner, i < winnerAt);
    const reason = reasonOf(each, standing);
    return { executionId: each.executionId, isSet: each.execution !== undefined, wins: each === winner, reason };
  });
  const found = {
    plan,
    candidates,
    ...(plan && winner?.execution ? stepsOf(winner.execution, plan, sources) : { steps: [], isCut: false }),
    missedByVersion: isMessage && !neverRuns ? missed(subject, sources) : [],
    near: plan || neverRuns ? [] : nearExecutions(subject, othersThan(possible, executions)),
    neverRuns,
  };
  return { ...found, summary: summaryOf(subject, found) };
}

function planFor(subject: ExplainedSubject, snapshot: Snapshot): Plan | undefined {
  switch (subject.kind) {
    case "request":
    case "response": {
      const { kind, service, method } = subject;
      return planForMethod(snapshot, kind, { full: `/${service}/${method}`, service });
    }
    case "function":
      return planForFunction(snapshot, subject.name);
    case "event":
      return planForEvent(snapshot, subject.type);
  }
}

/** A candidate before the winner that is set can only be one that calls nobody. */
function standingOf(
  candidate: PossibleExecution,
  winner: PossibleExecution | undefined,
  isBeforeWinner: boolean,
): Standing {
  if (!candidate.execution) return { kind: "not set" };
  if (candidate === winner) return { kind: "wins" };
  return winner && !isBeforeWinner ? { kind: "beaten", winner } : { kind: "calls nobody" };
}

function missed(
  { kind, service, method }: ExplainedSubject & { readonly kind: "request" | "response" },
  { executions }: PlanSources,
): readonly string[] {
  return missedByVersion(executions.values(), kind, { service, method }).map(({ condition }) => conditionId(condition));
}

function othersThan(
  possible: readonly PossibleExecution[],
  executions: PlanSources["executions"],
): readonly Execution[] {
  const ids = new Set(possible.map(({ executionId }) => executionId));
  return [...executions].flatMap(([id, execution]) => (ids.has(id) ? [] : [execution]));
}
