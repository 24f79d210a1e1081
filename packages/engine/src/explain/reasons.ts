import type { CandidateRank, PossibleExecution } from "./candidates.ts";

/** How a candidate did. */
export type Standing =
  | { readonly kind: "wins" }
  /** `winner`: the execution that applies in its place. */
  | { readonly kind: "beaten"; readonly winner: PossibleExecution }
  /** All that it names is gone. */
  | { readonly kind: "calls nobody" }
  | { readonly kind: "not set" }
  /** No execution runs on the service, whatever is set. */
  | { readonly kind: "never" };

/** What an execution is on, by its rank. */
const ON: Readonly<Record<CandidateRank, string>> = {
  method: "the method itself",
  "equivalent method": "the method in another version of its package, and for all of them (match is equivalent)",
  service: "the whole service",
  "equivalent service": "the service in another version of its package, and for all of them (match is equivalent)",
  all: "everything",
  "event type": "the type itself",
  "event group": "a group that the type is in",
  function: "the function itself",
};

/** Why a candidate wins or why not, in a sentence or two for people. */
export function reasonOf({ rank }: PossibleExecution, standing: Standing): string {
  switch (standing.kind) {
    case "wins":
      return `It is on ${ON[rank]}, and of those that are set the most specific that calls anybody.`;
    case "beaten":
      return standing.winner.rank === rank
        ? `It is on ${ON[rank]}. Of several such, that of the newest version applies: ${standing.winner.executionId}.`
        : `It is on ${ON[rank]}. ${standing.winner.executionId} is more specific, and applies alone.`;
    case "calls nobody":
      return `It is on ${ON[rank]}, and calls nobody: it names nothing, or what it names is gone. The next one applies in its place.`;
    case "not set":
      return "It is not set.";
    case "never":
      return `It would be on ${ON[rank]}, but no execution runs on this service, whoever serves it.`;
  }
}
