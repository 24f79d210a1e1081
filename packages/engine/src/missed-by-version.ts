import { conditionId } from "./condition.ts";
import { areEquivalent, compareEquivalents, equivalenceClass, type OrderedEquivalent } from "./equivalence.ts";
import type { Execution } from "./execution.ts";

/**
 * The executions that a method's calls would meet but for the version that they name, in the order of precedence: those on the method before those on its service.
 * Those whose option `match` asks for equivalents are none of them, nor are those that mean everything.
 */
export function missedByVersion(
  executions: Iterable<Execution>,
  side: "request" | "response",
  method: { readonly service: string; readonly method: string },
): readonly Execution[] {
  const called = [{ kind: "method", ...method } as const, { kind: "service", service: method.service } as const];
  const missed: (OrderedEquivalent & { readonly rank: number; readonly execution: Execution })[] = [];
  for (const execution of executions) {
    const { condition, options } = execution;
    if (condition.kind !== side || options?.match === "equivalent") continue;
    const { scope } = condition;
    const rank = called.findIndex((each) => areEquivalent(each, scope));
    const version = equivalenceClass(scope)?.version;
    if (rank >= 0 && version) missed.push({ execution, rank, version, executionId: conditionId(condition) });
  }
  return missed.sort((a, b) => a.rank - b.rank || compareEquivalents(a, b)).map(({ execution }) => execution);
}
