import { useQuery } from "@connectrpc/connect-query";
import { DeliveryService, type Delivery } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { EventService, type Event } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { ExecutionLink, explainHref, TargetLink } from "../../components/links.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page, Section } from "../../components/page.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { When } from "../../components/when.tsx";
import { stateWords } from "../deliveries/delivery-words.ts";

/** How often the deliveries of an event are asked for anew, in milliseconds. */
const REFRESH_MS = 3_000;
/** Most deliveries that are shown here. */
const MAX_DELIVERIES = 100;

/** One event, with what it caused. */
export function EventDetail({ id }: { readonly id: string }) {
  const { data, error, refetch } = useQuery(EventService.method.getEvent, { id });
  const event = data?.event;
  const search =
    event &&
    new URLSearchParams({ type: event.type, aggregateType: event.aggregateType, aggregateId: event.aggregateId });
  return (
    <Page
      title={event?.type ?? `Event ${id}`}
      above={[{ label: "Events", href: "/events" }]}
      actions={
        event && (
          <>
            <Link href={`/events/publish?${search?.toString() ?? ""}&like=${id}`} className="button">
              Publish one like it
            </Link>
            <Link href={explainHref({ kind: "event", event: event.type })} className="button">
              Explain
            </Link>
          </>
        )
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!event && !error && <Loading what="the event" />}
      {event && (
        <>
          <EventFacts event={event} />
          <Section title="Payload">
            <JsonView value={event.payload ?? {}} what="the payload" />
          </Section>
          <CausedDeliveries event={event} />
        </>
      )}
    </Page>
  );
}

function EventFacts({ event }: { readonly event: Event }) {
  const {
    id,
    aggregateType,
    aggregateId,
    sequence,
    userId,
    resourceOwner,
    version,
    idempotencyKey,
    depth,
    createTime,
  } = event;
  const aggregate = new URLSearchParams({ aggregateType, aggregateId });
  return (
    <Facts
      facts={{
        Aggregate: (
          <>
            {aggregateType} <code>{aggregateId}</code>,{" "}
            <Link href={`/events?${aggregate.toString()}`}>all its events</Link>
          </>
        ),
        Sequence: String(sequence),
        Appended: <When at={createTime} />,
        By: userId === "" ? undefined : userId,
        "Belongs to": resourceOwner === "" ? undefined : resourceOwner,
        Version: version === "" ? undefined : version,
        "Idempotency key": idempotencyKey === "" ? undefined : <code>{idempotencyKey}</code>,
        Depth: depth > 0 ? `${depth}: runs or deliveries led to it` : undefined,
        Id: (
          <>
            <code>{id}</code> <CopyButton text={id} what="the id" />
          </>
        ),
      }}
    />
  );
}

const COLUMNS: readonly Column<Delivery>[] = [
  { heading: "Delivery", cell: ({ id }) => <Link href={`/deliveries/${id}`}>{id}</Link> },
  {
    heading: "State",
    cell: ({ state }) => {
      const { tone, label } = stateWords(state);
      return <Badge tone={tone}>{label}</Badge>;
    },
  },
  { heading: "Target", cell: ({ targetId, targetName }) => <TargetLink id={targetId} name={targetName} /> },
  { heading: "Execution", cell: ({ executionId }) => <ExecutionLink id={executionId} /> },
  { heading: "Attempts", cell: ({ attemptCount }) => attemptCount, align: "end" },
];

function CausedDeliveries({ event: { id, type } }: { readonly event: Event }) {
  const { data, error, refetch } = useQuery(
    DeliveryService.method.listDeliveries,
    { eventPosition: BigInt(id), pageSize: MAX_DELIVERIES },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Section
      title="Deliveries"
      lead="What it caused: one for each target of the execution that it matched, and replays."
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="deliveries" />}
      {data?.deliveries.length === 0 && (
        <p>
          None: no execution was for <code>{type}</code> when it was appended.{" "}
          <Link href={explainHref({ kind: "event", event: type })}>Explain</Link> says what would be told of the next
          one.
        </p>
      )}
      {data && data.deliveries.length > 0 && (
        <div className="stack">
          <Table
            caption="Deliveries of the event"
            columns={COLUMNS}
            rows={data.deliveries}
            keyOf={(delivery) => delivery.id}
          />
          <p>
            <Link href={`/deliveries?event=${id}`}>See them in the list of deliveries</Link>
          </p>
        </div>
      )}
    </Section>
  );
}
