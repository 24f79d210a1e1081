import { RunOutcome, RunSide, type Run } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { CheckFilter } from "../../components/check-filter.tsx";
import { FilterBar, SelectFilter, TextFilter } from "../../components/filter-bar.tsx";
import { MoreFilters } from "../../components/more-filters.tsx";
import { TargetFilter } from "../../components/target-filter.tsx";
import { filterTime, TimeFilter } from "../../components/time-filter.tsx";
import { OUTCOMES, SIDES } from "./run-words.ts";

/** Filters as the address has them. */
export const RUN_FILTERS = [
  "side",
  "outcome",
  "failed",
  "method",
  "function",
  "execution",
  "target",
  "from",
  "until",
] as const;

/** The filters of the address. */
export type RunFilters = Readonly<Record<(typeof RUN_FILTERS)[number], string>>;

/** The filters as requests have them, which can be followed too. */
export function followedFilters(filters: RunFilters): {
  readonly side: RunSide;
  readonly outcome: RunOutcome;
  readonly failedOnly: boolean;
  readonly method: string;
  readonly function: string;
  readonly executionId: string;
  readonly targetId: string;
} {
  return {
    side: SIDES.find(({ value }) => value === filters.side)?.side ?? RunSide.UNSPECIFIED,
    outcome: OUTCOMES.find(({ value }) => value === filters.outcome)?.outcome ?? RunOutcome.UNSPECIFIED,
    failedOnly: filters.failed === "yes",
    method: filters.method,
    function: filters.function,
    executionId: filters.execution,
    targetId: filters.target,
  };
}

/** The bounds of time, which are for lists alone. */
export function timeFilters({ from, until }: RunFilters): {
  readonly begunAfter?: Timestamp;
  readonly begunBefore?: Timestamp;
} {
  const [begunAfter, begunBefore] = [filterTime(from), filterTime(until)];
  return { ...(begunAfter && { begunAfter }), ...(begunBefore && { begunBefore }) };
}

/** Whether a run that was told of is within the bounds of time. */
export function isWithin({ beginTime }: Pick<Run, "beginTime">, filters: RunFilters): boolean {
  const { begunAfter, begunBefore } = timeFilters(filters);
  const at = beginTime ? timestampMs(beginTime) : 0;
  return (!begunAfter || at >= timestampMs(begunAfter)) && (!begunBefore || at < timestampMs(begunBefore));
}

/** The filters above the list. */
export function RunFilterBar({
  filters,
  onChange,
}: {
  readonly filters: RunFilters;
  readonly onChange: (changes: Partial<RunFilters>) => void;
}) {
  const { side, outcome, failed, method, function: name, execution, target, from, until } = filters;
  return (
    <FilterBar>
      <SelectFilter
        label="For a"
        value={side}
        onChange={(value) => onChange({ side: value })}
        options={[{ value: "", label: "request, response or function" }, ...SIDES]}
      />
      <SelectFilter
        label="Outcome"
        value={outcome}
        onChange={(value) => onChange({ outcome: value })}
        options={[{ value: "", label: "any" }, ...OUTCOMES]}
      />
      <TargetFilter value={target} onChange={(value) => onChange({ target: value })} />
      <CheckFilter
        label="With a failed call"
        isChecked={failed === "yes"}
        onChange={(isChecked) => onChange({ failed: isChecked ? "yes" : "" })}
      />
      <MoreFilters setCount={[method, name, execution, from, until].filter(Boolean).length}>
        <TextFilter
          label="Method, as /package.Service/Method"
          value={method}
          onChange={(text) => onChange({ method: text.trim() })}
        />
        <TextFilter label="Function" value={name} onChange={(text) => onChange({ function: text.trim() })} />
        <TextFilter
          label="Execution, by its id"
          value={execution}
          onChange={(text) => onChange({ execution: text.trim() })}
        />
        <TimeFilter label="Begun from" value={from} onChange={(value) => onChange({ from: value })} />
        <TimeFilter label="Begun before" value={until} onChange={(value) => onChange({ until: value })} />
      </MoreFilters>
    </FilterBar>
  );
}
