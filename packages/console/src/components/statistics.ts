import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { RunStatistics } from "@interpose/protocol/gen/interpose/v1/run_service_pb";

/** A length of time to look back over, and how finely. */
export interface Period {
  /** As an address has it. Empty: the default. */
  readonly value: string;
  readonly label: string;
  readonly periodSeconds: number;
  readonly bucketCount: number;
}

/** The last hour by minutes. */
export const LAST_HOUR: Period = { value: "", label: "last hour", periodSeconds: 3_600, bucketCount: 60 };

/** What can be looked back over. */
export const PERIODS: readonly Period[] = [
  LAST_HOUR,
  { value: "day", label: "last day", periodSeconds: 86_400, bucketCount: 96 },
  { value: "week", label: "last week", periodSeconds: 604_800, bucketCount: 168 },
];

/** What was, all together. */
export interface Totals {
  readonly runs: number;
  readonly refused: number;
  readonly calls: number;
  readonly failedCalls: number;
}

/** Sums parts of time. */
export function totalsOf(buckets: readonly RunStatistics[]): Totals {
  const sum = (count: (bucket: RunStatistics) => bigint): number =>
    Number(buckets.reduce((total, bucket) => total + count(bucket), 0n));
  return {
    runs: sum(({ runCount }) => runCount),
    refused: sum(({ refusedCount }) => refusedCount),
    calls: sum(({ callCount }) => callCount),
    failedCalls: sum(({ failedCallCount }) => failedCallCount),
  };
}

/** How often something was in each part of time, as a number per minute. */
export function perMinute(
  buckets: readonly RunStatistics[],
  { periodSeconds, bucketCount }: Period,
  count: (bucket: RunStatistics) => bigint,
): readonly number[] {
  const minutes = periodSeconds / bucketCount / 60;
  return buckets.map((bucket) => Number(count(bucket)) / minutes);
}

/** The same without the noughts that stand by themselves: a line of what is rare shows where it was. */
export function withoutLull(values: readonly number[]): readonly (number | undefined)[] {
  return values.map((value, at) =>
    value > 0 || (values[at - 1] ?? 0) > 0 || (values[at + 1] ?? 0) > 0 ? value : undefined,
  );
}

/** When each part of time begins. */
export function timesOf(buckets: readonly RunStatistics[]): readonly Date[] {
  return buckets.flatMap(({ beginTime }) => (beginTime ? [timestampDate(beginTime)] : []));
}

/** A share for people: "0.5 %", "none" where there is nothing to have a share of. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return "none";
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 10 ? Math.max(0.1, Math.round(percent * 10) / 10) : Math.round(percent)} %`;
}

/** A count for people. */
export function countText(count: number | bigint): string {
  return count.toLocaleString("en");
}
