import type { Plan } from "../plan.ts";
import type { NearExecution } from "./near-executions.ts";
import type { PlanStep } from "./steps.ts";

/** An execution that could be for a subject. */
export interface Candidate {
  readonly executionId: string;
  readonly isSet: boolean;
  readonly wins: boolean;
  /** Why it wins, or why not. */
  readonly reason: string;
}

/** What would be called, and why. */
export interface Explanation {
  /** What a call or event would meet. Undefined: nothing. */
  readonly plan: Plan | undefined;
  /** From the one that would win before all others to the one that would after all others. */
  readonly candidates: readonly Candidate[];
  readonly steps: readonly PlanStep[];
  /** The plan leaves targets out, since there are more than a plan may call. */
  readonly isCut: boolean;
  /** Ids of executions that miss it by its version alone. */
  readonly missedByVersion: readonly string[];
  /** Where nothing hooks it: what would be nearest. */
  readonly near: readonly NearExecution[];
  /** No execution runs on its service, whatever is set. */
  readonly neverRuns: boolean;
  /** All of it in a few sentences. */
  readonly summary: string;
}
