import { useQuery } from "@connectrpc/connect-query";
import { CatalogService } from "@interpose/protocol/gen/interpose/v1/catalog_service_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { FilterBar, TextFilter } from "../../components/filter-bar.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Tree } from "../../components/tree.tsx";
import type { TreeNode } from "../../components/tree-rows.ts";
import { useExecutions } from "../../components/use-executions.ts";
import { useEventTypes, useFunctions } from "../../components/use-names.ts";
import { ExecutionTabs } from "./execution-tabs.tsx";
import { HookDetail } from "./hook-detail.tsx";
import { hookNodes, type Hookable } from "./hook-nodes.ts";

/** Up to so many methods that a search finds, all of them are shown at once. */
const MOST_OPENED = 300;

/** All that can be hooked, as a tree, with what hooks it; beside it, what is selected. */
export function HookTree() {
  const [{ search, at }, setFilters] = useFilters(["search", "at"]);
  const [wasChosen, setChosen] = useState(false);
  const detail = useRef<HTMLHeadingElement>(null);
  const catalog = useQuery(CatalogService.method.listCatalog, { query: search }, { placeholderData: keepPreviousData });
  const functions = useFunctions();
  const eventTypes = useEventTypes();
  const { data: executions } = useExecutions();
  const services = catalog.data?.services ?? [];
  const count = services.reduce((sum, { methods }) => sum + methods.length, 0);
  const nodes = hookNodes({ services, functions, eventTypes, set: new Set(executions?.keys()) }, search);
  const selected = find(nodes, at);
  // Who chose by keyboard or pointer is led to what can be done.
  useEffect(() => {
    if (wasChosen) detail.current?.focus();
  }, [wasChosen, at]);
  return (
    <Page
      title="What can be hooked"
      above={[{ label: "Executions", href: "/executions" }]}
      lead="The methods of your APIs and of Interpose itself, functions, and events. Choose one to see what hooks it, and to hook it."
    >
      <ExecutionTabs />
      <FilterBar>
        <TextFilter
          label="Search names and comments"
          value={search}
          onChange={(text) => setFilters({ search: text })}
        />
        <p className="hint" role="status">
          {catalog.data &&
            `${count} ${count === 1 ? "method" : "methods"} in ${services.length} ${services.length === 1 ? "service" : "services"}`}
          {catalog.data?.isCut === true && "; there are more, which a search finds"}
        </p>
      </FilterBar>
      {catalog.error && <ErrorNotice error={catalog.error} retry={catalog.refetch} />}
      {catalog.isPending && <Loading what="the catalog" />}
      {catalog.data && nodes.length === 0 && <p>Nothing has “{search}” in its name or comment.</p>}
      {catalog.data && nodes.length > 0 && (
        <div className="hook">
          <Tree
            // What was opened by hand counts for one search alone.
            key={search}
            label="What can be hooked"
            nodes={nodes}
            isOpenAtFirst={({ id, children }) =>
              search === ""
                ? id === "methods" ||
                  children.some((child) => contains(child, at)) ||
                  children.some(({ id: child }) => child === at)
                : count <= MOST_OPENED || id === "methods"
            }
            selectedId={at === "" ? undefined : at}
            onSelect={(id) => {
              setChosen(true);
              setFilters({ at: id });
              detail.current?.focus();
            }}
            render={(node) => <HookRow node={node} />}
          />
          <section className="hook-detail" aria-label="What is selected">
            {selected ? (
              <HookDetail ref={detail} node={selected} />
            ) : (
              <p className="hint">
                Choose something of the tree: by a click, or by the arrow keys and Enter. Letters find what begins with
                them.
              </p>
            )}
          </section>
        </div>
      )}
    </Page>
  );
}

/** A row of the tree: the name, the beginning of the comment, and which of its sides something hooks. */
function HookRow({ node: { label, data } }: { readonly node: TreeNode<Hookable> }) {
  return (
    <>
      <span className="tree-label">{label}</span>
      {data.hookedBy.map((id) => (
        <span key={id} className={`hooked${isOwn(id, data) ? " own" : ""}`} title={`Hooked by ${id}`}>
          <span className="only-read">hooked: </span>
          {id.split("/")[0]}
        </span>
      ))}
      <span className="tree-comment">{data.comment.split("\n")[0]}</span>
    </>
  );
}

function isOwn(id: string, { conditions }: Hookable): boolean {
  return conditions.some(({ kind, name }) => id === (name === "" ? kind : `${kind}/${name}`));
}

function contains({ children }: TreeNode<Hookable>, id: string): boolean {
  return children.some((child) => child.id === id || contains(child, id));
}

function find(nodes: readonly TreeNode<Hookable>[], id: string): TreeNode<Hookable> | undefined {
  for (const node of nodes) {
    const found = node.id === id ? node : find(node.children, id);
    if (found) return found;
  }
  return undefined;
}
