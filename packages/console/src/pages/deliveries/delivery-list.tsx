import { timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { createConnectQueryKey, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import {
  DeliveryService,
  type Delivery,
  type ListDeliveriesResponse,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { useState } from "react";
import { Link, useSearch } from "wouter";
import { MAX_ROWS, useLivePages } from "../../api/use-live-pages.ts";
import { useWatch } from "../../api/use-watch.ts";
import { Badge } from "../../components/badge.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { TargetLink } from "../../components/links.tsx";
import { LiveControls } from "../../components/live-controls.tsx";
import { Loading } from "../../components/loading.tsx";
import { useNow } from "../../components/now.ts";
import { Page } from "../../components/page.tsx";
import { useFilters, writeFilters } from "../../components/query-filters.ts";
import { StillWhileUsed } from "../../components/still-while-used.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { When } from "../../components/when.tsx";
import { BulkDialog } from "./bulk-dialog.tsx";
import type { BulkOrder } from "./bulk-orders.ts";
import { DELIVERY_FILTERS, DeliveryFilterBar, requestFilters, type DeliveryFilters } from "./delivery-filters.tsx";
import {
  canCancel,
  canRedeliver,
  canReplay,
  reasonText,
  stateWords,
  VIEWS,
  type DeliveryView,
} from "./delivery-words.ts";

const PAGE_SIZE = 50;

/** The record of deliveries in one of its views, which changes while one looks. */
export function DeliveryList({ view }: { readonly view: DeliveryView }) {
  const [filters, setFilters] = useFilters(DELIVERY_FILTERS);
  const search = useSearch();
  const [isPaused, setPaused] = useState(false);
  // The states that are chosen are the view's own matter.
  const kept = writeFilters(search, { states: "" });
  return (
    <Page
      title="Deliveries"
      lead="Each event for each target that is to be told of it: where it stands, each attempt, and what can be set right by hand."
    >
      <Tabs
        label="Views"
        tabs={VIEWS.map(({ href, label }) => ({ label, href: kept === "" ? href : `${href}?${kept}` }))}
      />
      <DeliveryFilterBar filters={filters} view={view} onChange={setFilters} />
      <Deliveries
        key={JSON.stringify([view.href, filters])}
        filters={filters}
        view={view}
        isPaused={isPaused}
        onPause={setPaused}
      />
    </Page>
  );
}

function Deliveries({
  filters,
  view,
  isPaused,
  onPause,
}: {
  readonly filters: DeliveryFilters;
  readonly view: DeliveryView;
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
}) {
  const transport = useTransport();
  const [isUsed, setUsed] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [order, setOrder] = useState<BulkOrder>();
  const wanted = requestFilters(filters, view);
  const input = { ...wanted, pageSize: PAGE_SIZE, pageToken: "" };
  const query = useInfiniteQuery(DeliveryService.method.listDeliveries, input, {
    pageParamKey: "pageToken",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    refetchOnWindowFocus: false,
  });
  const deliveries = query.data?.pages.flatMap((page) => page.deliveries);
  const live = useLivePages<Delivery, ListDeliveriesResponse>({
    queryKey: createConnectQueryKey({
      schema: DeliveryService.method.listDeliveries,
      transport,
      input,
      pageParamKey: "pageToken",
      cardinality: "infinite",
    }),
    isFetching: query.isFetching,
    refetch: query.refetch,
    isPaused,
    isHeld: isUsed || order !== undefined,
    rowsOf: (page) => page.deliveries,
    withRows: (page, rows) => ({ ...page, deliveries: [...rows] }),
    words: ["delivery", "deliveries"],
  });
  // In any state: one that leaves the states that are shown is told of as well, and shows so where it stands.
  const state = useWatch(
    DeliveryService.method.watchDeliveries,
    { ...wanted, states: [] },
    {
      onMessage: ({ delivery }) => {
        if (!delivery) return;
        const isShown = deliveries?.some(({ id }) => id === delivery.id) ?? false;
        if (isShown || wanted.states.length === 0 || wanted.states.includes(delivery.state)) live.tell(delivery);
      },
      onLive: () => {
        if (!isPaused) void query.refetch();
      },
    },
  );
  const chosen = deliveries?.filter(({ id }) => selected.has(id)) ?? [];
  const select = (id: string, isSelected: boolean): void => {
    const next = new Set(selected);
    if (isSelected) next.add(id);
    else next.delete(id);
    setSelected(next);
  };
  const columns: readonly Column<Delivery>[] = [
    {
      heading: "Delivery",
      cell: (delivery) => (
        <DeliveryName
          delivery={delivery}
          isSelected={selected.has(delivery.id)}
          onSelect={(isSelected) => select(delivery.id, isSelected)}
        />
      ),
    },
    { heading: "State", cell: (delivery) => <DeliveryStanding delivery={delivery} /> },
    { heading: "Target", cell: ({ targetId, targetName }) => <TargetLink id={targetId} name={targetName} /> },
    { heading: "Attempts", cell: ({ attemptCount }) => attemptCount, align: "end" },
    { heading: "Created", cell: ({ createTime }) => <When at={createTime} /> },
  ];
  const isFiltered = Object.values(filters).some(Boolean) || view.states.length > 0;
  return (
    <>
      <LiveControls
        state={state}
        what="deliveries"
        isPaused={isPaused}
        onPause={onPause}
        live={live}
        reload={query.refetch}
      />
      {state.kind === "refused" && <ErrorNotice error={state.error} />}
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {query.isPending && <Loading what="deliveries" />}
      {deliveries?.length === 0 && (isFiltered ? <p>{view.none}</p> : <FirstDelivery />)}
      {deliveries && deliveries.length > 0 && (
        <>
          <Orders
            view={view}
            shown={deliveries}
            chosen={chosen}
            onSelectAll={(isSelected) => setSelected(new Set(isSelected ? deliveries.map(({ id }) => id) : []))}
            onOrder={(kind, which) => {
              if (which === "chosen") {
                const ids = chosen.filter(FITS[kind]).map(({ id }) => id);
                setOrder(kind === "replay" ? { kind, filter: { deliveryIds: ids } } : { kind, ids });
              } else if (kind !== "redeliver") {
                // What is created from now on stays out of it, so that the count is of the same.
                const createdBefore = wanted.createdBefore ?? timestampFromDate(new Date());
                setOrder({ kind, filter: { ...wanted, createdBefore } });
              }
            }}
          />
          <StillWhileUsed name="deliveries" onUse={setUsed}>
            <Table
              caption="Deliveries"
              columns={columns}
              rows={deliveries}
              keyOf={({ id }) => id}
              more={
                query.hasNextPage && deliveries.length < MAX_ROWS
                  ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage }
                  : undefined
              }
            />
            {deliveries.length >= MAX_ROWS && (
              <p className="hint">These are the newest {MAX_ROWS.toLocaleString("en")}. Filters find older ones.</p>
            )}
          </StillWhileUsed>
        </>
      )}
      {order && (
        <BulkDialog
          order={order}
          onClose={(isDone) => {
            setOrder(undefined);
            if (isDone) setSelected(new Set());
          }}
        />
      )}
    </>
  );
}

/** Which deliveries each can be done to. */
const FITS = { redeliver: canRedeliver, replay: canReplay, cancel: canCancel };

/** What can be done to several deliveries. It stands whether or not any is chosen, so that nothing moves when one is. */
function Orders({
  view,
  shown,
  chosen,
  onSelectAll,
  onOrder,
}: {
  readonly view: DeliveryView;
  readonly shown: readonly Delivery[];
  readonly chosen: readonly Delivery[];
  readonly onSelectAll: (isSelected: boolean) => void;
  readonly onOrder: (kind: BulkOrder["kind"], which: "chosen" | "all") => void;
}) {
  const chosenFor = (kind: BulkOrder["kind"]): number => chosen.filter(FITS[kind]).length;
  const mayBe = (kind: BulkOrder["kind"]): boolean =>
    view.states.length === 0 || view.states.some((state) => FITS[kind]({ state }));
  const [mayReplay, mayCancel] = [mayBe("replay"), mayBe("cancel")];
  const orders = [
    { kind: "redeliver", label: "Redeliver", isOffered: true },
    { kind: "replay", label: "Replay", isOffered: mayReplay },
    { kind: "cancel", label: "Cancel", isOffered: mayCancel },
  ] as const;
  return (
    <div className="orders">
      <label className="select-all">
        <input
          type="checkbox"
          checked={chosen.length === shown.length}
          onChange={({ target }) => onSelectAll(target.checked)}
        />
        Select the {shown.length} shown
      </label>
      {orders.map(
        ({ kind, label, isOffered }) =>
          isOffered && (
            <button
              key={kind}
              type="button"
              className="button small"
              disabled={chosenFor(kind) === 0}
              onClick={() => onOrder(kind, "chosen")}
            >
              {label} {chosenFor(kind)}
            </button>
          ),
      )}
      <span className="orders-all">
        <span className="hint">All that match:</span>
        {mayReplay && (
          <button type="button" className="button small" onClick={() => onOrder("replay", "all")}>
            Replay all …
          </button>
        )}
        {mayCancel && (
          <button type="button" className="button small danger" onClick={() => onOrder("cancel", "all")}>
            Cancel all …
          </button>
        )}
      </span>
    </div>
  );
}

function DeliveryName({
  delivery: { id, event },
  isSelected,
  onSelect,
}: {
  readonly delivery: Delivery;
  readonly isSelected: boolean;
  readonly onSelect: (isSelected: boolean) => void;
}) {
  return (
    <div className="selectable">
      <input
        type="checkbox"
        aria-label={`Select delivery ${id}`}
        checked={isSelected}
        onChange={({ target }) => onSelect(target.checked)}
      />
      <div>
        <Link href={`/deliveries/${id}`}>{event?.type ?? "an event that is gone"}</Link>
        <span className="sub">
          {id}
          {event && ` · ${event.aggregateType} ${event.aggregateId}`}
        </span>
      </div>
    </div>
  );
}

function DeliveryStanding({ delivery: { state, reason, nextAttemptTime } }: { readonly delivery: Delivery }) {
  const { tone, label } = stateWords(state);
  const now = useNow();
  const isLater = nextAttemptTime !== undefined && timestampMs(nextAttemptTime) > now.getTime();
  return (
    <>
      <Badge tone={tone}>{label}</Badge>
      {reason !== "" && <span className="sub">{reasonText(reason)}</span>}
      {isLater && (
        <span className="sub">
          next <When at={nextAttemptTime} />
        </span>
      )}
    </>
  );
}

function FirstDelivery() {
  return (
    <EmptyState
      title="No event was delivered yet"
      action={
        <>
          <Link href="/events/publish" className="button primary">
            Publish an event
          </Link>
          <Link href="/targets/new" className="button">
            Create a target
          </Link>
          <Link href="/executions" className="button">
            Go to the executions
          </Link>
        </>
      }
      command={`curl -H "authorization: Bearer $TOKEN" ${location.origin}/v1/events:publish -H 'content-type: application/json' -d '{"type": "order.paid", "aggregateId": "17", "payload": {"amount": 12}}'`}
    >
      Deliveries are what events cause: one for each target of the execution that an event matches. Create a target, set
      an execution on events, such as one for “order.paid”, and publish one, here or by the line below.
    </EmptyState>
  );
}
