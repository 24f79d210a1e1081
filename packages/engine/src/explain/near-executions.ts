import { conditionId } from "../condition.ts";
import { areEquivalent } from "../equivalence.ts";
import type { Execution } from "../execution.ts";
import { nearestFew } from "../nearest.ts";
import { conditionOfSubject, type ExplainedSubject } from "./subject.ts";

/** An execution that is set, and is for something near to what was asked for. */
export interface NearExecution {
  readonly executionId: string;
  /** In what it differs, as a part of a sentence: "on its responses". */
  readonly reason: string;
}

/** Most that are told. */
const MOST = 5;

interface Ranked extends NearExecution {
  readonly rank: number;
}

/** The executions that are nearest to a subject, among those that could not be for it: at most five, the nearest first. */
export function nearExecutions(subject: ExplainedSubject, executions: Iterable<Execution>): readonly NearExecution[] {
  const ranked: Ranked[] = [];
  const others: string[] = [];
  for (const execution of executions) {
    const found = near(subject, execution);
    if (found) ranked.push({ ...found, executionId: conditionId(execution.condition) });
    else if (mayBeMisspelt(subject, execution)) others.push(conditionId(execution.condition));
  }
  const misspelt = nearestFew(conditionId(conditionOfSubject(subject)), others, MOST).map((executionId): Ranked => ({
    executionId,
    rank: MISSPELT,
    reason: "whose name is like it",
  }));
  return [...ranked, ...misspelt]
    .sort((a, b) => a.rank - b.rank || (a.executionId < b.executionId ? -1 : 1))
    .slice(0, MOST)
    .map(({ executionId, reason }) => ({ executionId, reason }));
}

/** Behind other versions and the other side, before the neighbours. */
const MISSPELT = 4;

/** In what an execution differs from what a subject would meet. Undefined: it is not near. */
function near(subject: ExplainedSubject, { condition }: Execution): Pick<Ranked, "rank" | "reason"> | undefined {
  if (subject.kind === "function") return undefined;
  if (subject.kind === "event")
    return condition.kind === "event" ? nearEvent(subject.type, condition.match) : undefined;
  if (condition.kind !== "request" && condition.kind !== "response") return undefined;
  const { service, method } = subject;
  const { scope } = condition;
  const side = condition.kind === "request" ? "requests" : "responses";
  const isSameSide = condition.kind === subject.kind;
  const on = isSameSide ? "" : ` (on ${side})`;
  if (scope.kind === "all") return { rank: 3, reason: `on all ${side}` };
  if (scope.service === service && (scope.kind === "service" || scope.method === method)) {
    return { rank: 2, reason: scope.kind === "method" ? `on its ${side}` : `on the ${side} of its service` };
  }
  const isOtherVersion =
    areEquivalent({ kind: "method", service, method }, scope) || areEquivalent({ kind: "service", service }, scope);
  if (isOtherVersion) {
    const of = scope.kind === "method" ? "the method" : "the service";
    return { rank: isSameSide ? 0 : 5, reason: `on ${of} in another version of its package${on}` };
  }
  if (scope.service === service) return { rank: isSameSide ? 6 : 7, reason: `on another method of its service${on}` };
  return undefined;
}

function nearEvent(
  type: string,
  match: (Execution["condition"] & { readonly kind: "event" })["match"],
): Pick<Ranked, "rank" | "reason"> | undefined {
  if (match.kind === "all") return undefined;
  const name = match.kind === "type" ? match.type : match.group;
  if (name === type) return { rank: 0, reason: "on the events below it" };
  if (match.kind === "type" && type.startsWith(`${name}.`))
    return { rank: 1, reason: `on ${name} alone, and not on the events below that` };
  const parent = type.slice(0, Math.max(0, type.lastIndexOf(".")));
  if (parent !== "" && name.startsWith(`${parent}.`))
    return { rank: 2, reason: `on other events of its group ${parent}` };
  const [first = ""] = type.split(".", 1);
  return first !== type && name.startsWith(`${first}.`)
    ? { rank: 6, reason: `on other events of the group ${first}` }
    : undefined;
}

/** Whether an execution is of the kind whose name may have been meant: a longer list is compared letter by letter. */
function mayBeMisspelt(subject: ExplainedSubject, { condition }: Execution): boolean {
  if (condition.kind !== subject.kind) return false;
  switch (condition.kind) {
    case "request":
    case "response":
      return condition.scope.kind === "method";
    case "function":
      return true;
    case "event":
      return condition.match.kind === "type";
  }
}
