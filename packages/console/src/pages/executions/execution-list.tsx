import type { Target } from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";
import { Link } from "wouter";
import { CONDITION_KINDS, conditionWords, executionWords } from "../../components/condition.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { FilterBar, TextFilter } from "../../components/filter-bar.tsx";
import { executionHref } from "../../components/links.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page, Section } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Table, type Column } from "../../components/table.tsx";
import { useExecutions, useTargets, type SetExecution } from "../../components/use-executions.ts";
import { When } from "../../components/when.tsx";
import { ExecutionTabs } from "./execution-tabs.tsx";
import { FirstSteps } from "./first-steps.tsx";

/** The executions that are set, by kind, each with what it calls in order. */
export function ExecutionList() {
  const [{ search }, setFilters] = useFilters(["search"]);
  const { data: executions, error, refetch } = useExecutions();
  const { data: targets } = useTargets();
  const all = [...(executions?.values() ?? [])];
  const found = all.filter((execution) => textOf(execution, targets).includes(search.toLowerCase()));
  const columns: readonly Column<SetExecution>[] = [
    {
      heading: "Execution",
      cell: ({ id, condition }) => (
        <>
          <Link href={executionHref(id)}>{conditionWords(condition)}</Link>
          <br />
          <code className="hint">{id}</code>
        </>
      ),
    },
    {
      heading: "Calls, in this order",
      cell: ({ entries }) => (
        <ol className="calls">
          {entries.map(({ kind, id }) => (
            <li key={`${kind} ${id}`}>
              {kind === "target" ? (
                <Link href={`/targets/${id}`}>{targets?.get(id)?.name ?? id}</Link>
              ) : (
                <>
                  all of <Link href={executionHref(id)}>{executionWords(id)}</Link>
                </>
              )}
            </li>
          ))}
        </ol>
      ),
    },
    { heading: "Changed", cell: ({ changed }) => <When at={changed} /> },
  ];
  return (
    <Page
      title="Executions"
      lead="What is called, and in which order, when a request arrives, a response leaves, a function is invoked, or an event is recorded."
      actions={
        all.length > 0 && (
          <Link href="/executions/hook" className="button primary">
            Hook something
          </Link>
        )
      }
    >
      <ExecutionTabs />
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!executions && !error && <Loading what="executions" />}
      {executions && all.length === 0 && <FirstSteps hasTarget={(targets?.size ?? 0) > 0} />}
      {all.length > 0 && (
        <FilterBar>
          <TextFilter label="Search" value={search} onChange={(text) => setFilters({ search: text })} />
        </FilterBar>
      )}
      {all.length > 0 && found.length === 0 && <p>No execution has “{search}” in its name or in what it calls.</p>}
      <div className="by-kind">
        {CONDITION_KINDS.map(({ value, label }) => {
          const rows = found.filter(({ condition }) => condition.kind === value);
          return (
            rows.length > 0 && (
              <Section key={value} title={label}>
                <Table caption={`Executions: ${label}`} columns={columns} rows={rows} keyOf={({ id }) => id} />
              </Section>
            )
          );
        })}
      </div>
    </Page>
  );
}

/** All that an execution is searched by. */
function textOf({ id, entries }: SetExecution, targets: ReadonlyMap<string, Target> | undefined): string {
  return [id, ...entries.flatMap((entry) => [entry.id, targets?.get(entry.id)?.name ?? ""])].join(" ").toLowerCase();
}
