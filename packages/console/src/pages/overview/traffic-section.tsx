import type { GetRunStatisticsResponse } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { useId } from "react";
import { Link } from "wouter";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Section } from "../../components/page.tsx";
import {
  countText,
  PERIODS,
  perMinute,
  shareText,
  timesOf,
  totalsOf,
  withoutLull,
  type Period,
} from "../../components/statistics.ts";
import { Tiles } from "../../components/tiles.tsx";
import { TimeChart } from "../../components/time-chart.tsx";

interface TrafficSectionProps {
  readonly query: {
    readonly data: GetRunStatisticsResponse | undefined;
    readonly error: Error | null;
    readonly refetch: () => unknown;
  };
  /** Runs that did not come on record since the server started. */
  readonly droppedCount: bigint;
  readonly period: Period;
  readonly onPeriod: (value: string) => void;
}

/** Runs over time: how many, how many of them refused, and how many calls failed. */
export function TrafficSection({
  query: { data, error, refetch },
  droppedCount,
  period,
  onPeriod,
}: TrafficSectionProps) {
  const id = useId();
  return (
    <Section
      title="Traffic"
      actions={
        <div className="period">
          <label htmlFor={id}>Over the</label>
          <select id={id} value={period.value} onChange={({ target }) => onPeriod(target.value)}>
            {PERIODS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </div>
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="the traffic" />}
      {droppedCount > 0n && (
        <Notice tone="warn" title={`${countText(droppedCount)} runs are not on record`}>
          <p>
            There were more at once than the store could take, since this server started. Their calls were made all the
            same. <code>runs.sampling</code> of the settings records fewer, <code>runs.maxPerSecond</code> allows more.
          </p>
        </Notice>
      )}
      {data && <Traffic statistics={data} period={period} />}
    </Section>
  );
}

function Traffic({
  statistics: { buckets, recordedShare },
  period,
}: {
  readonly statistics: GetRunStatisticsResponse;
  readonly period: Period;
}) {
  const { runs, refused, calls, failedCalls } = totalsOf(buckets);
  return (
    <>
      <Tiles
        tiles={[
          { name: "Runs", value: <Link href="/runs">{countText(runs)}</Link> },
          {
            name: "Refused",
            value: <Link href="/runs?outcome=refused">{countText(refused)}</Link>,
            note: runs > 0 && `${shareText(refused, runs)} of the runs`,
          },
          { name: "Calls of targets", value: countText(calls) },
          {
            name: "Failed calls",
            value: <Link href="/runs?failed=yes">{countText(failedCalls)}</Link>,
            note: calls > 0 && `${shareText(failedCalls, calls)} of the calls`,
          },
        ]}
      />
      <TimeChart
        label={`Over the ${period.label}: ${countText(runs)} runs, ${countText(refused)} of them refused, and ${countText(failedCalls)} failed calls.`}
        times={timesOf(buckets)}
        format={(value) => (Math.round(value * 100) / 100).toLocaleString("en")}
        series={[
          { name: "Runs per minute", look: "main", values: perMinute(buckets, period, ({ runCount }) => runCount) },
          {
            name: "Failed calls per minute",
            look: "warn",
            values: withoutLull(perMinute(buckets, period, ({ failedCallCount }) => failedCallCount)),
          },
          {
            name: "Refused per minute",
            look: "bad",
            values: withoutLull(perMinute(buckets, period, ({ refusedCount }) => refusedCount)),
          },
        ]}
      />
      {recordedShare < 1 && (
        <p className="hint">
          {recordedShare === 0
            ? "Runs are not recorded (runs.record, runs.sampling), so there is nothing to count but those that failed."
            : `${shareText(recordedShare, 1)} of the runs are on record, and all that failed: there were more than are counted here.`}
        </p>
      )}
    </>
  );
}
