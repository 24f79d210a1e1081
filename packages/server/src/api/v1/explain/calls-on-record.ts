import { firstIdAt, timeOfId } from "../../../ids.ts";
import type { Queryable } from "../../../store/database.ts";
import { countCallsOfTargets } from "../../../store/sql/run-statistics.ts";

const HOUR_MS = 3_600_000;
/** The time that ids are counted from. */
const FIRST_MS = timeOfId(0n);

/** How calls of a target went, as far as they are on record. */
export interface TargetCalls {
  readonly callCount: bigint;
  readonly failedCallCount: bigint;
  /** Time of a call in the middle. Undefined: there was none that was waited for. */
  readonly p50Ms: number | undefined;
  /** Why the last one that failed did. Undefined: none did. */
  readonly lastFailure: string | undefined;
}

/** How calls of targets went within the hour before `now`, by the targets' ids. Those without any are left out. */
export async function callsOnRecord(
  db: Queryable,
  instanceId: string,
  now: number,
): Promise<ReadonlyMap<string, TargetCalls>> {
  const from = now - HOUR_MS;
  const asked = { targetId: undefined, fromId: firstIdAt(from), fromMs: from - FIRST_MS, bucketMs: HOUR_MS };
  const counted = await countCallsOfTargets(db, instanceId, asked);
  return new Map(
    counted.map(({ targetId, calls, failed, times, lastFailure }) => [
      targetId,
      { callCount: calls, failedCallCount: failed, p50Ms: times?.[0], lastFailure: lastFailure ?? undefined },
    ]),
  );
}
