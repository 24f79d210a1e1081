import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  DeliveryService,
  type Delivery,
  type GetDeliveryResponse,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { useState } from "react";
import { Link } from "wouter";
import { useWatch } from "../../api/use-watch.ts";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { ExecutionLink, explainHref, TargetLink } from "../../components/links.tsx";
import { LiveBadge } from "../../components/live-badge.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page, Section } from "../../components/page.tsx";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";
import { Attempts } from "./attempts.tsx";
import { canCancel, canRedeliver, reasonText, stateWords } from "./delivery-words.ts";

/** One delivery: where it stands, what was tried, and what can be done about it. It follows what happens. */
export function DeliveryDetail({ id }: { readonly id: string }) {
  const toast = useToast();
  const [isCancelling, setCancelling] = useState(false);
  const { data, error, refetch } = useQuery(DeliveryService.method.getDelivery, { id });
  const delivery = data?.delivery;
  const position = delivery?.event?.position ?? 0n;
  const watch = useWatch(
    DeliveryService.method.watchDeliveries,
    { eventPosition: position, targetId: delivery?.targetId ?? "" },
    {
      enabled: position !== 0n,
      onMessage: (message) => {
        if (message.delivery?.id === id) void refetch();
      },
      onLive: () => void refetch(),
    },
  );
  const redelivery = useMutation(DeliveryService.method.redeliverDelivery, {
    onSuccess: () => toast({ text: "The delivery goes on: it is due at once." }),
  });
  const cancellation = useMutation(DeliveryService.method.cancelDelivery, {
    onSuccess: () => {
      setCancelling(false);
      toast({ text: "The delivery is cancelled.", undo: () => redelivery.mutate({ id }) });
    },
  });
  return (
    <Page
      title={delivery ? `Delivery of ${delivery.event?.type ?? "an event that is gone"}` : `Delivery ${id}`}
      above={[{ label: "Deliveries", href: "/deliveries" }]}
      actions={
        delivery && (
          <>
            <button
              type="button"
              className="button primary"
              disabled={!canRedeliver(delivery) || redelivery.isPending}
              onClick={() => redelivery.mutate({ id })}
            >
              Redeliver
            </button>
            <button
              type="button"
              className="button danger"
              disabled={!canCancel(delivery)}
              onClick={() => setCancelling(true)}
            >
              Cancel
            </button>
            {delivery.event && (
              <Link href={explainHref({ kind: "event", event: delivery.event.type })} className="button">
                Explain
              </Link>
            )}
          </>
        )
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {redelivery.error && <ErrorNotice error={redelivery.error} />}
      {!data && !error && <Loading what="the delivery" />}
      {delivery && (
        <>
          {watch.kind !== "off" && (
            <p className="live-controls">
              <LiveBadge state={watch} />
            </p>
          )}
          <DeliveryFacts delivery={delivery} />
          <Section
            title="Attempts"
            lead={
              data.attempts.length > 0
                ? "The first of them first. Each is one HTTP exchange, or why there was none."
                : undefined
            }
          >
            <Attempts attempts={data.attempts} />
          </Section>
          <EventSection answer={data} />
        </>
      )}
      {isCancelling && (
        <ConfirmDialog
          title="Cancel this delivery?"
          action="Cancel the delivery"
          isBusy={cancellation.isPending}
          error={cancellation.error}
          onConfirm={() => cancellation.mutate({ id })}
          onClose={() => setCancelling(false)}
        >
          <p>
            Its target is not told. Targets behind it go on where this one does not interrupt, and are skipped where it
            does. It can be set going again.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}

function DeliveryFacts({ delivery }: { readonly delivery: Delivery }) {
  const { id, state, reason, targetId, targetName, executionId, place, fifoKey, attemptCount, replayOf } = delivery;
  const { tone, label, means } = stateWords(state);
  return (
    <Facts
      facts={{
        State: (
          <>
            <Badge tone={tone}>{label}</Badge> <span className="sub">{means}</span>
          </>
        ),
        Why: reason === "" ? undefined : reasonText(reason),
        "Next attempt": delivery.nextAttemptTime && <When at={delivery.nextAttemptTime} />,
        "Being attempted since": delivery.runningSince && <When at={delivery.runningSince} />,
        Target: <TargetLink id={targetId} name={targetName} />,
        Execution: (
          <>
            <ExecutionLink id={executionId} />, target {place + 1} of it
          </>
        ),
        Attempts: String(attemptCount),
        "In line by": fifoKey === "" ? undefined : <code>{fifoKey}</code>,
        "Replay of": replayOf === "" ? undefined : <Link href={`/deliveries/${replayOf}`}>{replayOf}</Link>,
        Created: <When at={delivery.createTime} />,
        Ended: delivery.endTime && <When at={delivery.endTime} />,
        Id: (
          <>
            <code>{id}</code> <CopyButton text={id} what="the id" />{" "}
            <Link href={`/deliveries?replayOf=${id}`}>its replays</Link>
          </>
        ),
      }}
    />
  );
}

function EventSection({ answer: { delivery, payload } }: { readonly answer: GetDeliveryResponse }) {
  const event = delivery?.event;
  if (!event) return <Section title="Event">{<p className="hint">The event was pruned from the log.</p>}</Section>;
  return (
    <Section title="Event">
      <div className="stack">
        <Facts
          facts={{
            Type: <Link href={`/events/${event.position}`}>{event.type}</Link>,
            Aggregate: (
              <>
                {event.aggregateType} <code>{event.aggregateId}</code>, its event {String(event.sequence)}
              </>
            ),
            Appended: <When at={event.createTime} />,
          }}
        />
        <JsonView value={payload ?? {}} what="the event's payload" />
      </div>
    </Section>
  );
}
