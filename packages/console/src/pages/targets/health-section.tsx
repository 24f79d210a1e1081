import { useQuery } from "@connectrpc/connect-query";
import { RunService, type GetRunStatisticsResponse } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { Link } from "wouter";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { failureWords } from "../../components/failure-words.ts";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Section } from "../../components/page.tsx";
import { countText, LAST_HOUR, shareText, timesOf, totalsOf } from "../../components/statistics.ts";
import { Tiles } from "../../components/tiles.tsx";
import { TimeChart } from "../../components/time-chart.tsx";
import { formatMs } from "../../components/time.ts";

/** How often it is asked for anew, in milliseconds. */
const REFRESH_MS = 15_000;

/** How calls of a target went in the last hour: how many, how many failed, and how long they took. */
export function HealthSection({ targetId }: { readonly targetId: string }) {
  const { periodSeconds, bucketCount } = LAST_HOUR;
  const { data, error, refetch } = useQuery(
    RunService.method.getRunStatistics,
    { targetId, periodSeconds, bucketCount },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Section
      title="Health"
      lead="Calls for requests, responses and functions in the last hour, as far as they are on record."
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="its health" />}
      {data && <Health targetId={targetId} statistics={data} />}
    </Section>
  );
}

function Health({
  targetId,
  statistics: { buckets, targets },
}: {
  readonly targetId: string;
  readonly statistics: GetRunStatisticsResponse;
}) {
  const { calls, failedCalls } = totalsOf(buckets);
  const own = targets.find((target) => target.targetId === targetId);
  if (calls === 0) return <p className="hint">It was not called in the last hour.</p>;
  const runs = `/runs?target=${encodeURIComponent(targetId)}`;
  const time = (ms: number | undefined): string => (ms === undefined ? "–" : formatMs(ms));
  const [middle, slow] = [time(own?.p50Ms), time(own?.p95Ms)];
  return (
    <>
      <Tiles
        tiles={[
          { name: "Calls", value: <Link href={runs}>{countText(calls)}</Link> },
          {
            name: "Failed",
            value: <Link href={`${runs}&failed=yes`}>{countText(failedCalls)}</Link>,
            note: shareText(failedCalls, calls),
          },
          { name: "Half within", value: middle, note: "p50" },
          { name: "95 of 100 within", value: slow, note: "p95" },
        ]}
      />
      {own && own.lastFailure !== "" && (
        <Notice tone="warn" title={failureWords(own.lastFailure).what}>
          <p>
            {failureWords(own.lastFailure).todo} So failed the last call that failed: <code>{own.lastFailure}</code>.
          </p>
        </Notice>
      )}
      <TimeChart
        label={`How long calls took in the last hour: half of them within ${middle}, 95 of 100 within ${slow}.`}
        times={timesOf(buckets)}
        format={formatMs}
        series={[
          { name: "p95: 95 of 100 calls within", look: "warn", values: buckets.map(({ p95Ms }) => p95Ms) },
          { name: "p50: half of the calls within", look: "main", values: buckets.map(({ p50Ms }) => p50Ms) },
        ]}
      />
    </>
  );
}
