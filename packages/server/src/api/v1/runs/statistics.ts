import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type {
  GetRunStatisticsRequest,
  GetRunStatisticsResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { firstIdAt, timeOfId } from "../../../ids.ts";
import type { Queryable } from "../../../store/database.ts";
import { countCalls, countCallsOfTargets, countRuns, type CallCount } from "../../../store/sql/run-statistics.ts";

const DEFAULT_PERIOD_SECONDS = 3_600;
const DEFAULT_BUCKETS = 60;
/** The time that ids are counted from. */
const FIRST_MS = timeOfId(0n);

/** Counts runs and calls from so long before `now` on, which is in milliseconds since 1970. `recordedShare`: how much of them is on record. */
export async function runStatistics(
  db: Queryable,
  instanceId: string,
  { targetId, periodSeconds, bucketCount }: GetRunStatisticsRequest,
  { now, recordedShare }: { readonly now: number; readonly recordedShare: number },
): Promise<MessageInitShape<typeof GetRunStatisticsResponseSchema>> {
  const periodMs = (periodSeconds || DEFAULT_PERIOD_SECONDS) * 1_000;
  const count = bucketCount || DEFAULT_BUCKETS;
  const bucketMs = periodMs / count;
  const from = now - periodMs;
  const asked = {
    targetId: targetId === "" ? undefined : targetId,
    fromId: firstIdAt(from),
    fromMs: from - FIRST_MS,
    bucketMs,
  };
  const [runs, calls, targets] = await Promise.all([
    countRuns(db, instanceId, asked),
    countCalls(db, instanceId, asked),
    countCallsOfTargets(db, instanceId, asked),
  ]);
  const [runsOf, callsOf] = [byBucket(runs, count), byBucket(calls, count)];
  return {
    buckets: Array.from({ length: count }, (_, bucket) => {
      const { runs: runCount = 0n, refused: refusedCount = 0n } = runsOf.get(bucket) ?? {};
      const beginTime = timestampFromMs(Math.round(from + bucket * bucketMs));
      return { beginTime, runCount, refusedCount, ...counted(callsOf.get(bucket)) };
    }),
    targets: targets.map((target) => ({
      targetId: target.targetId,
      ...counted(target),
      lastFailure: target.lastFailure ?? "",
    })),
    recordedShare,
  };
}

/** Parts of time by their places. What began at this very moment, by the clock of another server, is of the last one. */
function byBucket<T extends { readonly bucket: number }>(rows: readonly T[], count: number): ReadonlyMap<number, T> {
  return new Map(rows.map((row) => [Math.min(row.bucket, count - 1), row]));
}

function counted(found: CallCount | undefined) {
  const [p50Ms, p95Ms] = found?.times ?? [];
  return {
    callCount: found?.calls ?? 0n,
    failedCallCount: found?.failed ?? 0n,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
  };
}
