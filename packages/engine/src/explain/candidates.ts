import { conditionId, type Condition } from "../condition.ts";
import { compareEquivalents, equivalenceClass } from "../equivalence.ts";
import type { Execution } from "../execution.ts";
import type { PlanSources } from "../plan.ts";
import { eventMatches, METHOD_LEVELS, type MethodLevel } from "../router.ts";
import type { ExplainedSubject } from "./subject.ts";

/** What an execution is to a subject, by which it could be for it. */
export type CandidateRank = MethodLevel["names"] | "event type" | "event group" | "function";

/** An execution that could be for a subject, whether it is set or not. */
export interface PossibleExecution {
  readonly executionId: string;
  readonly rank: CandidateRank;
  /** Undefined: it is not set. */
  readonly execution: Execution | undefined;
}

/**
 * All executions that could be for a subject, in the order of the router: from the one that would win before all others to the one that would after all others. Those of other versions are among
 * them where they are set, and ask for it.
 */
export function possibleExecutions(
  subject: ExplainedSubject,
  executions: PlanSources["executions"],
): readonly PossibleExecution[] {
  const named = (rank: CandidateRank, condition: Condition): PossibleExecution => {
    const executionId = conditionId(condition);
    return { executionId, rank, execution: executions.get(executionId) };
  };
  switch (subject.kind) {
    case "request":
    case "response": {
      const { kind, service, method } = subject;
      const scopes = {
        method: { kind: "method", service, method },
        service: { kind: "service", service },
        all: { kind: "all" },
      } as const;
      return METHOD_LEVELS.flatMap(({ names }): readonly PossibleExecution[] => {
        if (names === "equivalent method" || names === "equivalent service") {
          const exact = scopes[names === "equivalent method" ? "method" : "service"];
          return equivalents({ kind, scope: exact }, executions).map((execution) => ({
            executionId: conditionId(execution.condition),
            rank: names,
            execution,
          }));
        }
        return [named(names, { kind, scope: scopes[names] })];
      });
    }
    case "function":
      return [named("function", { kind: "function", name: subject.name })];
    case "event":
      return [...eventMatches(subject.type)].map((match) =>
        named(match.kind === "all" ? "all" : `event ${match.kind}`, { kind: "event", match }),
      );
  }
}

/** The executions that are for what a condition names because they are on another version of it, in their order. */
function equivalents(
  { kind, scope }: Condition & { readonly kind: "request" | "response" },
  executions: PlanSources["executions"],
): readonly Execution[] {
  const key = equivalenceClass(scope)?.key;
  if (key === undefined) return [];
  const own = conditionId({ kind, scope });
  const found = [...executions.values()].flatMap((execution) => {
    const { condition, options } = execution;
    if (condition.kind !== kind || options?.match !== "equivalent") return [];
    const of = equivalenceClass(condition.scope);
    const executionId = conditionId(condition);
    return of?.key === key && executionId !== own ? [{ execution, executionId, version: of.version }] : [];
  });
  return found.sort(compareEquivalents).map(({ execution }) => execution);
}
