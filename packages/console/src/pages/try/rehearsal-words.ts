import type { RehearseRunsResponse } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import type { RunCall } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { Tone } from "../../components/badge.tsx";
import { effectOf } from "../runs/run-words.ts";

/** What a rehearsed run came to. */
export type Verdict = "same" | "different" | "skipped";

/** What a rehearsed run came to. */
export function verdictOf({
  isSame,
  skippedBecause,
}: Pick<RehearseRunsResponse, "isSame" | "skippedBecause">): Verdict {
  if (skippedBecause !== "") return "skipped";
  return isSame ? "same" : "different";
}

/** How each shows. */
export const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = { same: "good", different: "bad", skipped: "plain" };

/** How many there were of each. */
export function countVerdicts(results: readonly RehearseRunsResponse[]): Readonly<Record<Verdict, number>> {
  const counts = { same: 0, different: 0, skipped: 0 };
  for (const result of results) counts[verdictOf(result)]++;
  return counts;
}

/** A rehearsal in a sentence. */
export function summaryText({ same, different, skipped }: Readonly<Record<Verdict, number>>): string {
  const parts = [
    different > 0 && `${runs(different)} would have been different`,
    same > 0 && `${runs(same)} the same`,
    skipped > 0 && `${runs(skipped)} could not be repeated`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? "No run was repeated." : `${parts.join(", ")}.`;
}

function runs(count: number): string {
  return count === 1 ? "1 run" : `${count.toLocaleString("en")} runs`;
}

/** What a call came to, in short: "200, changed the message". */
export function callText(call: RunCall | undefined): string {
  if (!call) return "";
  const { status, failure } = call;
  return [status, failure, effectOf(call)[1]].filter((part) => part !== undefined && part !== "").join(", ");
}
