import type { CallFailure } from "./call.ts";
import type { JsonObject } from "./json.ts";
import { isSameJson, jsonDiff, type JsonDifference } from "./json-diff.ts";

/** What one call of a target came to, as far as it can be compared with another one. */
export interface CallEnd {
  /** What its reply, or its failure, means. `started`: it is not waited for, and means nothing. */
  readonly effect: "none" | "changed" | "started" | "ignored" | "refused";
  readonly failure?: CallFailure | undefined;
  /** Of a failure `refused`: what it asked for. */
  readonly detail?: string | undefined;
  /** What the message, or a function's output, is after it. */
  readonly after: JsonObject;
}

/** How a call differs from the one that counts. */
export interface CallComparison {
  /** Whether both came to the same: to the same failure or none, to a refusal or none, and to the same message. */
  readonly isSame: boolean;
  /** What would be other in the message after it. */
  readonly differences: readonly JsonDifference[];
}

/**
 * Compares two calls by what came of them, not by what they answered: a reply that replaces a message and one that patches it may well mean the same, as do
 * one that changes nothing and none. Details count where a target asks to refuse, for they say with which code.
 */
export function compareCalls(counted: CallEnd, other: CallEnd): CallComparison {
  const differences = isSameJson(counted.after, other.after) ? [] : jsonDiff(counted.after, other.after);
  const isSame =
    differences.length === 0 &&
    counted.failure === other.failure &&
    (counted.effect === "refused") === (other.effect === "refused") &&
    (counted.failure !== "refused" || counted.detail === other.detail);
  return { isSame, differences };
}
