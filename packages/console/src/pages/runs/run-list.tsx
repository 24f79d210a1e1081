import { createConnectQueryKey, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { RunService, type ListRunsResponse, type Run } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { useState } from "react";
import { Link } from "wouter";
import { MAX_ROWS, useLivePages } from "../../api/use-live-pages.ts";
import { useWatch } from "../../api/use-watch.ts";
import { Badge } from "../../components/badge.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { ExecutionLink } from "../../components/links.tsx";
import { LiveControls } from "../../components/live-controls.tsx";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { StillWhileUsed } from "../../components/still-while-used.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { formatMs } from "../../components/time.ts";
import { When } from "../../components/when.tsx";
import { followedFilters, isWithin, RUN_FILTERS, RunFilterBar, timeFilters, type RunFilters } from "./run-filters.tsx";
import { outcomeOf, sideLabel, subjectOf } from "./run-words.ts";

const PAGE_SIZE = 50;

const COLUMNS: readonly Column<Run>[] = [
  { heading: "Run", cell: (run) => <RunName run={run} /> },
  { heading: "Outcome", cell: (run) => <RunResult run={run} /> },
  { heading: "Execution", cell: ({ executionId }) => <ExecutionLink id={executionId} /> },
  { heading: "Caller", cell: ({ caller }) => caller?.userId ?? "" },
  { heading: "Took", cell: ({ durationMs }) => formatMs(durationMs), align: "end" },
  { heading: "Begun", cell: ({ beginTime }) => <When at={beginTime} /> },
];

/** The record of runs, which grows while one looks. */
export function RunList() {
  const [filters, setFilters] = useFilters(RUN_FILTERS);
  const [isPaused, setPaused] = useState(false);
  return (
    <Page
      title="Runs"
      lead="Each time that targets were called for a request, a response or a function: what matched, what each was sent and answered, and what came of it. Events have deliveries in place of runs."
    >
      <RunFilterBar filters={filters} onChange={setFilters} />
      <Runs key={JSON.stringify(filters)} filters={filters} isPaused={isPaused} onPause={setPaused} />
    </Page>
  );
}

function Runs({
  filters,
  isPaused,
  onPause,
}: {
  readonly filters: RunFilters;
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
}) {
  const transport = useTransport();
  const [isUsed, setUsed] = useState(false);
  // What is over by its time changes no more.
  const [isPast] = useState(() => filters.until !== "" && Date.parse(filters.until) <= Date.now());
  const input = { ...followedFilters(filters), ...timeFilters(filters), pageSize: PAGE_SIZE, pageToken: "" };
  const query = useInfiniteQuery(RunService.method.listRuns, input, {
    pageParamKey: "pageToken",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    refetchOnWindowFocus: false,
  });
  const live = useLivePages<Run, ListRunsResponse>({
    queryKey: createConnectQueryKey({
      schema: RunService.method.listRuns,
      transport,
      input,
      pageParamKey: "pageToken",
      cardinality: "infinite",
    }),
    isFetching: query.isFetching,
    refetch: query.refetch,
    isPaused,
    isHeld: isUsed,
    rowsOf: ({ runs }) => runs,
    withRows: (page, runs) => ({ ...page, runs: [...runs] }),
    words: ["run", "runs"],
  });
  const state = useWatch(RunService.method.watchRuns, followedFilters(filters), {
    enabled: !isPast,
    onMessage: ({ run }) => {
      if (run && isWithin(run, filters)) live.tell(run);
    },
    onLive: () => {
      if (!isPaused) void query.refetch();
    },
  });
  const runs = query.data?.pages.flatMap((page) => page.runs);
  const dropped = query.data?.pages[0]?.droppedCount ?? 0n;
  const isFiltered = Object.values(filters).some(Boolean);
  return (
    <>
      <LiveControls
        state={state}
        what="runs"
        isPaused={isPaused}
        onPause={onPause}
        live={live}
        reload={query.refetch}
      />
      {dropped > 0n && (
        <Notice tone="warn" title={`${dropped.toLocaleString("en")} runs are not on record`}>
          <p>
            There were more at once than the store could take, since this server started. Their calls were made all the
            same. <code>runs.sampling</code> and <code>runs.maxPerSecond</code> of the settings record fewer.
          </p>
        </Notice>
      )}
      {state.kind === "refused" && <ErrorNotice error={state.error} />}
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {query.isPending && <Loading what="runs" />}
      {runs?.length === 0 && (isFiltered ? <p>No run on record is like that.</p> : <FirstRun />)}
      {runs && runs.length > 0 && (
        <StillWhileUsed name="runs" onUse={setUsed}>
          <Table
            caption="Runs"
            columns={COLUMNS}
            rows={runs}
            keyOf={({ id }) => id}
            more={
              query.hasNextPage && runs.length < MAX_ROWS
                ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage }
                : undefined
            }
          />
          {runs.length >= MAX_ROWS && (
            <p className="hint">These are the newest {MAX_ROWS.toLocaleString("en")}. Filters find older ones.</p>
          )}
        </StillWhileUsed>
      )}
    </>
  );
}

function RunName({ run }: { readonly run: Run }) {
  const { name, service } = subjectOf(run);
  return (
    <>
      <Link href={`/runs/${run.id}`}>{name}</Link>
      <span className="sub">
        {sideLabel(run)}
        {service !== "" && ` · ${service}`}
      </span>
    </>
  );
}

function RunResult({ run }: { readonly run: Run }) {
  const { tone, label } = outcomeOf(run);
  const { callCount, failedCallCount } = run;
  return (
    <>
      <Badge tone={tone}>{label}</Badge>
      <span className="sub">
        {callCount === 1 ? "1 call" : `${callCount} calls`}
        {failedCallCount > 0 && `, ${failedCallCount} failed`}
      </span>
    </>
  );
}

function FirstRun() {
  return (
    <EmptyState
      title="Nothing has run yet"
      action={
        <>
          <Link href="/targets/new" className="button primary">
            Create a target
          </Link>
          <Link href="/executions" className="button">
            Go to the executions
          </Link>
        </>
      }
      command={`curl -H "authorization: Bearer $TOKEN" ${location.origin}/v1/functions/hello:invoke -H 'content-type: application/json' -d '{"input": {"name": "world"}}'`}
    >
      A run happens when a request, a response or a function has targets to call. Create a target, set an execution that
      calls it, such as one for the function “hello”, and have it called, as by the line below. The run is here a moment
      later. If nothing ever comes, see whether <code>runs.record</code> of the settings is off.
    </EmptyState>
  );
}
