import { useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { TokenService, type Token } from "@interpose/protocol/gen/interpose/v1/token_service_pb";
import { useState } from "react";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { FilterBar, SelectFilter, TextFilter } from "../../components/filter-bar.tsx";
import { Loading } from "../../components/loading.tsx";
import { useNow } from "../../components/now.ts";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Table, type Column } from "../../components/table.tsx";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";
import { roleLabel } from "./roles.ts";

const PAGE_SIZE = 50;

/** The tokens, without their texts. */
export function TokenList() {
  const toast = useToast();
  const [{ name, show }, setFilters] = useFilters(["name", "show"]);
  const [revoking, setRevoking] = useState<Token>();
  const query = useInfiniteQuery(
    TokenService.method.listTokens,
    { pageSize: PAGE_SIZE, pageToken: "", name, showInactive: show === "all" },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const revocation = useMutation(TokenService.method.revokeToken, {
    onSuccess: ({ token }) => {
      setRevoking(undefined);
      toast({ text: `The token ${token?.name ?? ""} is revoked.` });
    },
  });
  const tokens = query.data?.pages.flatMap((page) => page.tokens);
  const create = (
    <Link href="/access/new" className="button primary">
      Create a token
    </Link>
  );
  const columns: readonly Column<Token>[] = [
    { heading: "Name", cell: (token) => token.name },
    { heading: "State", cell: (token) => <TokenState token={token} /> },
    { heading: "May", cell: ({ role, permissions }) => [roleLabel(role), ...permissions].join(", ") },
    { heading: "Created", cell: ({ createTime }) => <When at={createTime} /> },
    { heading: "Ends", cell: ({ expireTime }) => <When at={expireTime} none="never" /> },
    {
      heading: "Change",
      cell: (token) =>
        token.revokeTime === undefined && (
          <button
            type="button"
            className="button small danger"
            aria-label={`Revoke ${token.name}`}
            onClick={() => setRevoking(token)}
          >
            Revoke
          </button>
        ),
    },
  ];
  const isFiltered = name !== "" || show !== "";
  return (
    <Page
      title="Access"
      lead="Tokens that callers prove themselves with: people, services, the command line."
      actions={create}
    >
      <FilterBar>
        <TextFilter label="Name" value={name} onChange={(text) => setFilters({ name: text })} />
        <SelectFilter
          label="Show"
          value={show}
          onChange={(value) => setFilters({ show: value })}
          options={[
            { value: "", label: "those that are of use" },
            { value: "all", label: "revoked and expired ones too" },
          ]}
        />
      </FilterBar>
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {query.isPending && <Loading what="tokens" />}
      {tokens?.length === 0 &&
        (isFiltered ? (
          <p>There is no such token.</p>
        ) : (
          <EmptyState
            title="There is no token of its own yet"
            command="npx interpose tokens create --name ci --role editor --expires 30d"
          >
            You are signed in by the admin token of the settings, or by a provider. Give each service and person a token
            of its own, with no more than it needs: then it can be revoked alone. The command line makes them as well:
          </EmptyState>
        ))}
      {tokens && tokens.length > 0 && (
        <Table
          caption="Tokens"
          columns={columns}
          rows={tokens}
          keyOf={({ id }) => id}
          more={query.hasNextPage ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage } : undefined}
        />
      )}
      {revoking && (
        <ConfirmDialog
          title={`Revoke ${revoking.name}?`}
          action="Revoke the token"
          isBusy={revocation.isPending}
          error={revocation.error}
          onConfirm={() => revocation.mutate({ id: revoking.id })}
          onClose={() => setRevoking(undefined)}
        >
          <p>Whoever uses it is refused at once. This cannot be taken back.</p>
        </ConfirmDialog>
      )}
    </Page>
  );
}

function TokenState({ token: { revokeTime, expireTime } }: { readonly token: Token }) {
  const now = useNow();
  if (revokeTime) return <Badge tone="bad">Revoked</Badge>;
  if (expireTime && timestampDate(expireTime) <= now) return <Badge tone="plain">Expired</Badge>;
  return <Badge tone="good">Active</Badge>;
}
