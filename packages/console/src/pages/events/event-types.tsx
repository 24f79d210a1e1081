import { useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { EventService, EventTypeKind, type EventType } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { useState, type SubmitEvent } from "react";
import { Link } from "wouter";
import { problemFrom } from "../../api/problem.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { TextArea, TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { FilterBar, SelectFilter } from "../../components/filter-bar.tsx";
import { explainHref } from "../../components/links.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Table, type Column } from "../../components/table.tsx";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";
import { EventTabs } from "./event-tabs.tsx";

const PAGE_SIZE = 1_000;

const KINDS: Readonly<Record<EventTypeKind, readonly [Tone, string]>> = {
  [EventTypeKind.UNSPECIFIED]: ["plain", "unknown"],
  [EventTypeKind.OWN]: ["plain", "Interpose's own"],
  [EventTypeKind.DECLARED]: ["good", "declared"],
  [EventTypeKind.LEARNED]: ["info", "learned"],
};

/** What is asked in a dialog: to declare a type, or anew with another description; or to forget one. */
type Asked =
  | { readonly kind: "declare"; readonly type: string; readonly description: string }
  | { readonly kind: "forget"; readonly eventType: EventType };

/** The types of events: those of Interpose, those that were declared, and those that were learned as they were published. */
export function EventTypes() {
  const toast = useToast();
  const [asked, setAsked] = useState<Asked>();
  const query = useInfiniteQuery(
    EventService.method.listEventTypes,
    { pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const redeclaration = useMutation(EventService.method.declareEventType);
  const deletion = useMutation(EventService.method.deleteEventType, {
    onSuccess: (_, { type = "" }) => {
      const forgotten = asked?.kind === "forget" ? asked.eventType : undefined;
      setAsked(undefined);
      toast({
        text: `The type ${type} is forgotten.`,
        ...(forgotten?.kind === EventTypeKind.DECLARED && {
          undo: () => redeclaration.mutate({ type, description: forgotten.description }),
        }),
      });
    },
  });
  const [{ show }, setFilters] = useFilters(["show"]);
  const types = query.data?.pages
    .flatMap((page) => page.eventTypes)
    .filter(({ kind }) => show === "all" || kind !== EventTypeKind.OWN);
  const declare = (
    <button
      type="button"
      className="button primary"
      onClick={() => setAsked({ kind: "declare", type: "", description: "" })}
    >
      Declare a type
    </button>
  );
  const columns: readonly Column<EventType>[] = [
    { heading: "Type", cell: ({ type }) => <Link href={`/events?type=${encodeURIComponent(type)}`}>{type}</Link> },
    {
      heading: "Known",
      cell: ({ kind }) => {
        const [tone, label] = KINDS[kind];
        return <Badge tone={tone}>{label}</Badge>;
      },
    },
    { heading: "Meaning", cell: ({ description }) => description },
    {
      heading: "First published",
      // Of Interpose's own it is not kept.
      cell: ({ kind, firstPublishTime }) => (
        <When at={firstPublishTime} none={kind === EventTypeKind.OWN ? "" : "never"} />
      ),
    },
    {
      heading: "Change",
      cell: (eventType) => (
        <TypeActions
          eventType={eventType}
          onDeclare={({ type, description }) => setAsked({ kind: "declare", type, description })}
          onForget={() => setAsked({ kind: "forget", eventType })}
        />
      ),
    },
  ];
  return (
    <Page
      title="Events"
      lead="Types of events. One is learned when the first event of it is published, unless the settings want types declared first."
      actions={declare}
    >
      <EventTabs />
      <FilterBar>
        <SelectFilter
          label="Show"
          value={show}
          onChange={(value) => setFilters({ show: value })}
          options={[
            { value: "", label: "types of your services" },
            { value: "all", label: "Interpose's own too" },
          ]}
        />
      </FilterBar>
      {query.isError && <ErrorNotice error={query.error} retry={query.refetch} />}
      {redeclaration.error && <ErrorNotice error={redeclaration.error} />}
      {query.isPending && <Loading what="types" />}
      {types?.length === 0 && (
        <EmptyState title="No type of your services is known yet" action={declare}>
          Declare what your services will publish, so that executions can be set before the first event comes.
        </EmptyState>
      )}
      {types && types.length > 0 && (
        <Table
          caption="Types of events"
          columns={columns}
          rows={types}
          keyOf={({ type }) => type}
          more={query.hasNextPage ? { load: query.fetchNextPage, isLoading: query.isFetchingNextPage } : undefined}
        />
      )}
      {asked?.kind === "declare" && (
        <DeclareDialog type={asked.type} description={asked.description} onClose={() => setAsked(undefined)} />
      )}
      {asked?.kind === "forget" && (
        <ConfirmDialog
          title={`Forget ${asked.eventType.type}?`}
          action="Forget the type"
          isBusy={deletion.isPending}
          error={deletion.error}
          onConfirm={() => deletion.mutate({ type: asked.eventType.type })}
          onClose={() => setAsked(undefined)}
        >
          <p>
            Events of it stay, and so do executions on it. Where types need no declaration, the next event of it makes
            it known again.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}

function TypeActions({
  eventType,
  onDeclare,
  onForget,
}: {
  readonly eventType: EventType;
  readonly onDeclare: (eventType: EventType) => void;
  readonly onForget: () => void;
}) {
  const { type, kind } = eventType;
  return (
    <span className="actions">
      <Link href={explainHref({ kind: "event", event: type })} className="button small" aria-label={`Explain ${type}`}>
        Explain
      </Link>
      {kind !== EventTypeKind.OWN && (
        <>
          <Link
            href={`/events/publish?type=${encodeURIComponent(type)}`}
            className="button small"
            aria-label={`Publish ${type}`}
          >
            Publish
          </Link>
          <button
            type="button"
            className="button small"
            aria-label={kind === EventTypeKind.LEARNED ? `Declare ${type}` : `Describe ${type}`}
            onClick={() => onDeclare(eventType)}
          >
            {kind === EventTypeKind.LEARNED ? "Declare" : "Describe"}
          </button>
          <button type="button" className="button small danger" aria-label={`Forget ${type}`} onClick={onForget}>
            Forget
          </button>
        </>
      )}
    </span>
  );
}

function DeclareDialog({
  type,
  description,
  onClose,
}: {
  readonly type: string;
  readonly description: string;
  readonly onClose: () => void;
}) {
  const toast = useToast();
  const declaration = useMutation(EventService.method.declareEventType, {
    onSuccess: ({ eventType }) => {
      onClose();
      toast({ text: `The type ${eventType?.type ?? ""} is declared.` });
    },
  });
  const violations = declaration.error ? problemFrom(declaration.error).violations : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text } = readForm(event);
    declaration.mutate({ type: type === "" ? text("type") : type, description: text("description") });
  };
  return (
    <Dialog title={type === "" ? "Declare a type of events" : `Declare ${type}`} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {declaration.error && <ErrorNotice error={declaration.error} />}
        {type === "" && (
          <TextField
            label="Type"
            name="type"
            required
            maxLength={200}
            violation={violations?.get("type")}
            placeholder="order.paid"
            hint="Segments that dots separate. Executions can be on the whole, or on a group such as order.*"
            autoComplete="off"
            spellCheck={false}
          />
        )}
        <TextArea
          label="What it means"
          name="description"
          rows={3}
          maxLength={1000}
          defaultValue={description}
          violation={violations?.get("description")}
        />
        <div className="dialog-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={declaration.isPending}>
            Declare
          </button>
        </div>
      </form>
    </Dialog>
  );
}
