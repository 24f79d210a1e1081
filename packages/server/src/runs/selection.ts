import type { CallRecord } from "@interpose/engine";
import { createRate } from "../events/rate.ts";
import type { RunEvent } from "../hosts/runner.ts";

/** Which runs come on record. */
export interface RecordedRuns {
  /** `all`: those without a failure as far as `sampling` and `maxPerSecond` let them. `failures`: none of those. `off`: none at all. */
  readonly record: "all" | "failures" | "off";
  /** Share of the runs without a failure that is recorded, from 0 to 1. Those that were refused, or in which a call failed, always are. */
  readonly sampling: number;
  /** Most runs without a failure that are recorded within a second; 0: no limit. */
  readonly maxPerSecond: number;
}

/** What becomes of a run: on record; left out, as it was ordered; or left out because there were too many. */
export type Selection = "recorded" | "left out" | "too many";

/** Chooses. `random` answers numbers from 0 up to 1, `now` milliseconds. */
export function createSelection(
  { record, sampling, maxPerSecond }: RecordedRuns,
  random: () => number,
  now: () => number,
): (event: RunEvent) => Selection {
  const rate = createRate(maxPerSecond, now);
  return (event) => {
    if (isFailed(event)) return "recorded";
    if (record !== "all" || (sampling < 1 && random() >= sampling)) return "left out";
    return rate.take(1) === 0 ? "recorded" : "too many";
  };
}

/** Whether a run was refused, or a call of it failed. */
function isFailed({ run: { outcome, calls } }: RunEvent): boolean {
  return outcome.kind === "refused" || calls.some(isFailedCall);
}

/** Whether a call counts as failed: a shadow never does. */
export function isFailedCall({ failure, effect }: CallRecord<unknown>): boolean {
  return failure !== undefined && effect !== "shadow";
}

/** The service that the record is read by. Its own runs are not recorded: each look at the record would make more of it. */
const OF_THE_RECORD = "/interpose.v1.RunService/";

/** Whether a run is of a look at the record. */
export function isOfTheRecord({ method }: RunEvent): boolean {
  return method?.startsWith(OF_THE_RECORD) ?? false;
}
