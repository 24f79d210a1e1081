import { MAX_PLAN_TARGETS } from "../plan.ts";
import type { Explanation } from "./explanation.ts";
import { subjectInWords, type ExplainedSubject } from "./subject.ts";

/** Most names that a sentence lists. */
const MOST_NAMED = 5;

/** What became of it in sentences, for people who have not read how executions are matched. */
export function summaryOf(subject: ExplainedSubject, explanation: Omit<Explanation, "summary">): string {
  const { candidates, missedByVersion } = explanation;
  const winner = candidates.find(({ wins }) => wins);
  const sentences = winner
    ? [`${winner.executionId} hooks ${subjectInWords(subject)}. ${winner.reason}`, planOf(explanation)]
    : nothingHooks(subject, explanation);
  if (missedByVersion.length > 0) {
    const missed = listed(missedByVersion);
    sentences.push(
      `What is on another version passes it by: ${missed}. Each is for its own version alone, unless its option match is equivalent.`,
    );
  }
  return sentences.join(" ");
}

function planOf({ steps, isCut }: Pick<Explanation, "steps" | "isCut">): string {
  const names = steps.map(({ target }) => target.name);
  if (isCut) return `It calls ${MAX_PLAN_TARGETS} targets, which is as many as one may; the rest is left out.`;
  const [only] = names;
  if (names.length === 1 && only !== undefined) return `It calls one target: ${only}.`;
  const more = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED).join(", then ");
  return `It calls ${names.length} targets, one after the other: ${shown}${more > 0 ? `, and ${more} more` : ""}.`;
}

function nothingHooks(
  subject: ExplainedSubject,
  { candidates, near, neverRuns }: Omit<Explanation, "summary">,
): string[] {
  const nothing = `Nothing hooks ${subjectInWords(subject)}`;
  if (neverRuns)
    return [`${nothing}: no execution runs on this service, so that health checks and reflection always answer.`];
  const idle = candidates.filter(({ isSet }) => isSet);
  const because =
    idle.length > 0
      ? `what ${listed(idle.map(({ executionId }) => executionId))} would call is gone, and nothing else is set.`
      : `no execution is set on ${PLACES[subject.kind]}.`;
  const nearest = near.slice(0, MOST_NAMED).map(({ executionId, reason }) => `${executionId}, ${reason}`);
  return [`${nothing}: ${because}`, ...(nearest.length > 0 ? [`Nearest: ${nearest.join("; ")}.`] : [])];
}

const PLACES: Readonly<Record<ExplainedSubject["kind"], string>> = {
  request: "the method, its service, or all requests",
  response: "the method, its service, or all responses",
  function: "it",
  event: "the type, one of its groups, or all events",
};

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}
