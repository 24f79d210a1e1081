import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { DeliveryState } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { ChipFilter } from "../../components/chip-filter.tsx";
import { FilterBar, TextFilter } from "../../components/filter-bar.tsx";
import { MoreFilters } from "../../components/more-filters.tsx";
import { TargetFilter } from "../../components/target-filter.tsx";
import { filterTime, TimeFilter } from "../../components/time-filter.tsx";
import { STATES, type DeliveryView } from "./delivery-words.ts";

/** Filters as the address has them. */
export const DELIVERY_FILTERS = [
  "states",
  "target",
  "execution",
  "type",
  "aggregateType",
  "aggregateId",
  "event",
  "replayOf",
  "from",
  "until",
] as const;

/** The filters of the address. */
export type DeliveryFilters = Readonly<Record<(typeof DELIVERY_FILTERS)[number], string>>;

/** The filters as requests have them. An id of an aggregate is nothing without its type, and a place in the log is a number. */
export function requestFilters(
  filters: DeliveryFilters,
  view: DeliveryView,
): {
  readonly states: DeliveryState[];
  readonly targetId: string;
  readonly executionId: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly eventPosition: bigint;
  readonly replayOf: string;
  readonly createdAfter?: Timestamp;
  readonly createdBefore?: Timestamp;
} {
  const [createdAfter, createdBefore] = [filterTime(filters.from), filterTime(filters.until)];
  return {
    states: view.states.length > 0 ? [...view.states] : chosenStates(filters),
    targetId: filters.target,
    executionId: filters.execution,
    eventType: filters.type,
    aggregateType: filters.aggregateType,
    aggregateId: filters.aggregateType === "" ? "" : filters.aggregateId,
    eventPosition: /^\d{1,18}$/.test(filters.event) ? BigInt(filters.event) : 0n,
    replayOf: filters.replayOf,
    ...(createdAfter && { createdAfter }),
    ...(createdBefore && { createdBefore }),
  };
}

/** The filters above the list. States can be chosen where the view leaves them open. */
export function DeliveryFilterBar({
  filters,
  view,
  onChange,
}: {
  readonly filters: DeliveryFilters;
  readonly view: DeliveryView;
  readonly onChange: (changes: Partial<DeliveryFilters>) => void;
}) {
  const { target, execution, type, aggregateType, aggregateId, event, replayOf, from, until } = filters;
  return (
    <FilterBar>
      {view.states.length === 0 && (
        <ChipFilter
          legend="States"
          options={STATES}
          chosen={filters.states.split(",").filter(Boolean)}
          onChange={(chosen) => onChange({ states: chosen.join(",") })}
        />
      )}
      <TargetFilter value={target} onChange={(value) => onChange({ target: value })} />
      <TextFilter label="Event type" value={type} onChange={(text) => onChange({ type: text.trim() })} />
      <MoreFilters
        setCount={[execution, aggregateType, aggregateId, event, replayOf, from, until].filter(Boolean).length}
      >
        <TextFilter
          label="Execution, by its id"
          value={execution}
          onChange={(text) => onChange({ execution: text.trim() })}
        />
        <TextFilter
          label="Aggregate type"
          value={aggregateType}
          onChange={(text) => onChange({ aggregateType: text.trim() })}
        />
        <TextFilter
          label="Aggregate id, of that type"
          value={aggregateId}
          onChange={(text) => onChange({ aggregateId: text.trim() })}
        />
        <TextFilter label="Event, by its id" value={event} onChange={(text) => onChange({ event: text.trim() })} />
        <TextFilter
          label="Replay of the delivery"
          value={replayOf}
          onChange={(text) => onChange({ replayOf: text.trim() })}
        />
        <TimeFilter label="Created from" value={from} onChange={(value) => onChange({ from: value })} />
        <TimeFilter label="Created before" value={until} onChange={(value) => onChange({ until: value })} />
      </MoreFilters>
    </FilterBar>
  );
}

function chosenStates({ states }: DeliveryFilters): DeliveryState[] {
  const chosen = states.split(",");
  return STATES.filter(({ value }) => chosen.includes(value)).map(({ state }) => state);
}
