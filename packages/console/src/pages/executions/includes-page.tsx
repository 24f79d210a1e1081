import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { includesOf, useExecutions } from "../../components/use-executions.ts";
import { ExecutionTabs } from "./execution-tabs.tsx";
import { IncludeGraph } from "./include-graph.tsx";

/** All executions that include others, as one picture. */
export function IncludesPage() {
  const { data: executions, error, refetch } = useExecutions();
  const includes = executions && includesOf(executions.values());
  const isEmpty = includes && [...includes.values()].every((ids) => ids.length === 0);
  return (
    <Page
      title="Includes"
      above={[{ label: "Executions", href: "/executions" }]}
      lead="An execution can include another one, whose targets are called in its place of the list. Lines lead from an execution to what it includes."
    >
      <ExecutionTabs />
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!includes && !error && <Loading what="executions" />}
      {isEmpty === true && (
        <EmptyState title="No execution includes another one">
          Where several executions call the same targets in the same order, set these on one of them, and include it in
          the others: an entry of the kind “all of …”. A change then counts for all of them.
        </EmptyState>
      )}
      {includes && isEmpty === false && <IncludeGraph includes={includes} set={new Set(executions.keys())} />}
    </Page>
  );
}
