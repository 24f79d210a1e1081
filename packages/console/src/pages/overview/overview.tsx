import { useQuery } from "@connectrpc/connect-query";
import { DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { RunService } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { useEffect, useRef } from "react";
import { useWatch } from "../../api/use-watch.ts";
import { LiveBadge } from "../../components/live-badge.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { LAST_HOUR, PERIODS } from "../../components/statistics.ts";
import { DeliveriesSection } from "./deliveries-section.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { TrafficSection } from "./traffic-section.tsx";
import { TroubleSection } from "./trouble-section.tsx";

/** How often everything is asked anew although nothing was told, in milliseconds. */
const REFRESH_MS = 15_000;
/** Runs that come within this time lead to one question, in milliseconds. */
const GATHER_MS = 1_000;

/** How things go: traffic, targets that fail, deliveries that wait; and for newcomers, what to do first. */
export function Overview() {
  const [{ period: chosen }, setFilters] = useFilters(["period"]);
  const period = PERIODS.find(({ value }) => value === chosen) ?? LAST_HOUR;
  const { periodSeconds, bucketCount } = period;
  const refreshed = { refetchInterval: REFRESH_MS };
  const statistics = useQuery(RunService.method.getRunStatistics, { periodSeconds, bucketCount }, refreshed);
  const newest = useQuery(RunService.method.listRuns, { pageSize: 1 }, refreshed);
  const deliveries = useQuery(DeliveryService.method.countDeliveries, {}, refreshed);
  const tell = useGathered(() => {
    void statistics.refetch();
    void newest.refetch();
  });
  const live = useWatch(RunService.method.watchRuns, {}, { onMessage: ({ run }) => run && tell(), onLive: tell });
  return (
    <Page
      title="Overview"
      lead="How the calls go that Interpose stands in, and what needs somebody."
      actions={<LiveBadge state={live} />}
    >
      <FirstSteps hasRun={newest.data && newest.data.runs.length > 0} />
      <TroubleSection statistics={statistics.data} deliveries={deliveries.data} period={period} />
      <TrafficSection
        query={statistics}
        droppedCount={newest.data?.droppedCount ?? 0n}
        period={period}
        onPeriod={(value) => setFilters({ period: value })}
      />
      <DeliveriesSection query={deliveries} />
    </Page>
  );
}

/** A function that may be called as often as one likes, and carries out the given one after a moment, once for all calls until then. */
function useGathered(act: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, GATHER_MS);
  };
}
