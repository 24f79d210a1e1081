import { useInfiniteQuery } from "@connectrpc/connect-query";
import { EventService, type Event } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { Link } from "wouter";
import { MAX_ROWS } from "../../api/use-live-pages.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { FilterBar, TextFilter } from "../../components/filter-bar.tsx";
import { Loading } from "../../components/loading.tsx";
import { MoreFilters } from "../../components/more-filters.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Table, type Column } from "../../components/table.tsx";
import { filterTime, TimeFilter } from "../../components/time-filter.tsx";
import { When } from "../../components/when.tsx";
import { EventTabs } from "./event-tabs.tsx";

const PAGE_SIZE = 50;

const COLUMNS: readonly Column<Event>[] = [
  {
    heading: "Event",
    cell: ({ id, type }) => (
      <>
        <Link href={`/events/${id}`}>{type}</Link>
        <span className="sub">{id}</span>
      </>
    ),
  },
  {
    heading: "Aggregate",
    cell: ({ aggregateType, aggregateId }) => (
      <>
        {aggregateType} <code>{aggregateId}</code>
      </>
    ),
  },
  { heading: "Sequence", cell: ({ sequence }) => String(sequence), align: "end" },
  { heading: "By", cell: ({ userId }) => userId },
  { heading: "Appended", cell: ({ createTime }) => <When at={createTime} /> },
];

/** The log of events, the newest first. */
export function EventList() {
  const [filters, setFilters] = useFilters(["type", "aggregateType", "aggregateId", "from", "until"]);
  const { type, aggregateType, aggregateId, from, until } = filters;
  const [startTime, endTime] = [filterTime(from), filterTime(until)];
  const query = useInfiniteQuery(
    EventService.method.listEvents,
    {
      pageSize: PAGE_SIZE,
      pageToken: "",
      type,
      aggregateType,
      aggregateId,
      ...(startTime && { startTime }),
      ...(endTime && { endTime }),
    },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const events = query.data?.pages.flatMap((page) => page.events);
  const isFiltered = Object.values(filters).some(Boolean);
  return (
    <Page
      title="Events"
      lead="What has happened, as it was published: by your services, and by Interpose itself of targets, executions and tokens."
      actions={
        <>
          <button type="button" className="button" disabled={query.isRefetching} onClick={() => void query.refetch()}>
            Reload
          </button>
          <Link href="/events/publish" className="button primary">
            Publish an event
          </Link>
        </>
      }
    >
      <EventTabs />
      <FilterBar>
        <TextFilter label="Type" value={type} onChange={(text) => setFilters({ type: text.trim() })} />
        <TextFilter
          label="Aggregate type"
          value={aggregateType}
          onChange={(text) => setFilters({ aggregateType: text.trim() })}
        />
        <TextFilter
          label="Aggregate id"
          value={aggregateId}
          onChange={(text) => setFilters({ aggregateId: text.trim() })}
        />
        <MoreFilters setCount={[from, until].filter(Boolean).length}>
          <TimeFilter label="Appended from" value={from} onChange={(value) => setFilters({ from: value })} />
          <TimeFilter label="Appended before" value={until} onChange={(value) => setFilters({ until: value })} />
        </MoreFilters>
      </FilterBar>
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {query.isPending && <Loading what="events" />}
      {events?.length === 0 && (isFiltered ? <p>No event on record is like that.</p> : <FirstEvent />)}
      {events && events.length > 0 && (
        <Table
          caption="Events"
          columns={COLUMNS}
          rows={events}
          keyOf={({ id }) => id}
          more={
            query.hasNextPage && events.length < MAX_ROWS
              ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage }
              : undefined
          }
        />
      )}
      {events && events.length >= MAX_ROWS && (
        <p className="hint">These are the newest {MAX_ROWS.toLocaleString("en")}. Filters find older ones.</p>
      )}
    </Page>
  );
}

function FirstEvent() {
  return (
    <EmptyState
      title="Nothing has happened yet"
      action={
        <Link href="/events/publish" className="button primary">
          Publish an event
        </Link>
      }
      command={`curl -H "authorization: Bearer $TOKEN" ${location.origin}/v1/events:publish -H 'content-type: application/json' -d '{"type": "order.paid", "aggregateId": "17", "payload": {"amount": 12}}'`}
    >
      An event is a fact that your services append to the log: what happened, to what, with a payload. Executions on
      events have targets told of it. Publish the first one here, or by the line below.
    </EmptyState>
  );
}
