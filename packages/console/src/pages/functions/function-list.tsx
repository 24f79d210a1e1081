import { useInfiniteQuery } from "@connectrpc/connect-query";
import {
  FunctionOrigin,
  FunctionService,
  type Function as DeclaredFunction,
} from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page, Section } from "../../components/page.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { When } from "../../components/when.tsx";
import { functionHref, NEW_FUNCTION_HREF, originWords } from "./function-words.ts";

const PAGE_SIZE = 100;

const NAME: Column<DeclaredFunction> = {
  heading: "Name",
  cell: ({ name, description }) => (
    <>
      <Link href={functionHref(name)}>{name}</Link>
      {description !== "" && <span className="sub">{description}</span>}
    </>
  ),
};
const CHECKS: Column<DeclaredFunction> = { heading: "Checks", cell: checksText };

const COLUMNS: readonly Column<DeclaredFunction>[] = [NAME, CHECKS];
const OWN_COLUMNS: readonly Column<DeclaredFunction>[] = [
  NAME,
  {
    heading: "Declared",
    cell: ({ origin }) => <Badge tone={originWords(origin).tone}>{originWords(origin).label}</Badge>,
  },
  CHECKS,
  { heading: "Changed", cell: ({ updateTime }) => <When at={updateTime} /> },
];

/** All functions. */
export function FunctionList() {
  const query = useInfiniteQuery(
    FunctionService.method.listFunctions,
    { pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const functions = query.data?.pages.flatMap((page) => page.functions);
  const own = functions?.filter(({ origin }) => origin !== FunctionOrigin.BUILTIN);
  const builtIn = functions?.filter(({ origin }) => origin === FunctionOrigin.BUILTIN);
  const create = (
    <Link href={NEW_FUNCTION_HREF} className="button primary">
      Declare a function
    </Link>
  );
  return (
    <Page
      title="Functions"
      lead="Places in programs of your own at which targets are called by name: a program sends an input, and is answered what the targets replied together."
      actions={own && own.length > 0 ? create : undefined}
    >
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {query.isPending && <Loading what="functions" />}
      {own && (
        <Section title="Of your own">
          {own.length === 0 ? (
            <EmptyState title="There is none of your own yet" action={create}>
              Declare one by a name, such as <code>price.discount</code>, set an execution on it, and have your program
              invoke it: by the API, or by the library.
            </EmptyState>
          ) : (
            <Table
              caption="Functions of your own"
              columns={OWN_COLUMNS}
              rows={own}
              keyOf={({ name }) => name}
              more={query.hasNextPage ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage } : undefined}
            />
          )}
        </Section>
      )}
      {builtIn && (
        <Section title="Built in" lead="For what ZITADEL invokes by these names.">
          <Table caption="Functions that are built in" columns={COLUMNS} rows={builtIn} keyOf={({ name }) => name} />
        </Section>
      )}
    </Page>
  );
}

/** What is held against a schema. */
function checksText({ inputSchema, replySchema }: DeclaredFunction): string {
  if (inputSchema && replySchema) return "input and replies";
  return inputSchema ? "input" : replySchema ? "replies" : "nothing: anything fits";
}
