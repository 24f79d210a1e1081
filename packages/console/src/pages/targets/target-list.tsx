import { useInfiniteQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { TargetFieldName } from "@interpose/protocol/gen/zitadel/action/v2/query_pb";
import type { Target } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import { TextFilterMethod } from "@interpose/protocol/gen/zitadel/filter/v2/filter_pb";
import { Link } from "wouter";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { FilterBar, TextFilter } from "../../components/filter-bar.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Table, type Column } from "../../components/table.tsx";
import { formatDuration } from "../../components/time.ts";
import { When } from "../../components/when.tsx";
import { interrupts, kindLabel } from "./target-words.ts";

const PAGE_SIZE = 50;

const COLUMNS: readonly Column<Target>[] = [
  { heading: "Name", cell: ({ id, name }) => <Link href={`/targets/${id}`}>{name}</Link> },
  { heading: "Type", cell: kindLabel },
  { heading: "Endpoint", cell: ({ endpoint }) => <code>{endpoint}</code> },
  { heading: "On error", cell: (target) => (interrupts(target) ? "interrupts" : "goes on") },
  { heading: "Timeout", cell: ({ timeout }) => formatDuration(timeout), align: "end" },
  { heading: "Changed", cell: ({ changeDate }) => <When at={changeDate} /> },
];

/** All targets. */
export function TargetList() {
  const [{ name }, setFilters] = useFilters(["name"]);
  const query = useInfiniteQuery(
    ActionService.method.listTargets,
    {
      pagination: { offset: 0n, limit: PAGE_SIZE, asc: true },
      sortingColumn: TargetFieldName.NAME,
      filters:
        name === ""
          ? []
          : [
              {
                filter: {
                  case: "targetNameFilter",
                  value: { targetName: name, method: TextFilterMethod.CONTAINS_IGNORE_CASE },
                },
              },
            ],
    },
    {
      pageParamKey: "pagination",
      getNextPageParam: ({ pagination }, pages) => {
        const loaded = pages.reduce((sum, { targets }) => sum + targets.length, 0);
        const isLast = BigInt(loaded) >= (pagination?.totalResult ?? 0n);
        return isLast ? undefined : { offset: BigInt(loaded), limit: PAGE_SIZE, asc: true };
      },
    },
  );
  const targets = query.data?.pages.flatMap((page) => page.targets);
  const create = (
    <Link href="/targets/new" className="button primary">
      Create a target
    </Link>
  );
  return (
    <Page
      title="Targets"
      lead="HTTP endpoints that executions call: to watch messages, to stop them, or to change them."
      actions={targets && (targets.length > 0 || name !== "") ? create : undefined}
    >
      {(name !== "" || (targets && targets.length > 0)) && (
        <FilterBar>
          <TextFilter label="Name" value={name} onChange={(text) => setFilters({ name: text })} />
        </FilterBar>
      )}
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {query.isPending && <Loading what="targets" />}
      {targets?.length === 0 && name === "" && (
        <EmptyState title="There is no target yet" action={create} command="node examples/target.mjs">
          A target is an HTTP endpoint of yours. Create one, and hook it to a method by an execution. To have one to
          play with, start the one of the examples, which listens on http://127.0.0.1:9090/ and prints what it is sent:
        </EmptyState>
      )}
      {targets?.length === 0 && name !== "" && <p>No target has “{name}” in its name.</p>}
      {targets && targets.length > 0 && (
        <Table
          caption="Targets"
          columns={COLUMNS}
          rows={targets}
          keyOf={({ id }) => id}
          more={query.hasNextPage ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage } : undefined}
        />
      )}
    </Page>
  );
}
