import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  EventService,
  EventTypeKind,
  type PublishEventResponse,
} from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { useId, useState, type SubmitEvent } from "react";
import { Link } from "wouter";
import { problemFrom } from "../../api/problem.ts";
import { prettyJson } from "../../components/code-view.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { TextArea, TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { parsePayload } from "./payload-text.ts";

/** Most types that are offered while one types. */
const MAX_TYPES = 500;

/** Publishes an event; filled in as the address says, with the payload of the event that it is to be like. */
export function PublishForm() {
  const [{ type, aggregateType, aggregateId, like }] = useFilters(["type", "aggregateType", "aggregateId", "like"]);
  const model = useQuery(EventService.method.getEvent, { id: like }, { enabled: like !== "" });
  const isReady = like === "" || model.data !== undefined || model.isError;
  return (
    <Page
      title="Publish an event"
      lead="It is appended to the log, and delivered to the targets of the execution that it matches."
      above={[{ label: "Events", href: "/events" }]}
    >
      {model.error && <ErrorNotice error={model.error} />}
      {isReady ? (
        <Form
          type={type}
          aggregateType={aggregateType}
          aggregateId={aggregateId}
          payload={prettyJson(model.data?.event?.payload ?? {})}
        />
      ) : (
        <Loading what="the event that it is to be like" />
      )}
    </Page>
  );
}

interface FormProps {
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly payload: string;
}

function Form({ type, aggregateType, aggregateId, payload }: FormProps) {
  const typesId = useId();
  const [payloadFault, setPayloadFault] = useState<string>();
  const types = useQuery(EventService.method.listEventTypes, { pageSize: MAX_TYPES });
  const publication = useMutation(EventService.method.publishEvent);
  const violations = publication.error ? problemFrom(publication.error).violations : undefined;
  const violationOf = (field: string): string | undefined =>
    violations?.get(`event.${field}`) ?? violations?.get(field);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text } = readForm(event);
    const parsed = parsePayload(text("payload"));
    setPayloadFault("fault" in parsed ? parsed.fault : undefined);
    if ("fault" in parsed) return;
    publication.mutate({
      event: {
        type: text("type"),
        aggregateType: text("aggregateType"),
        aggregateId: text("aggregateId"),
        payload: parsed.payload,
        idempotencyKey: text("idempotencyKey"),
      },
    });
  };
  return (
    <form className="form" onSubmit={submit}>
      {publication.error && <ErrorNotice error={publication.error} />}
      <TextField
        label="Type"
        name="type"
        required
        maxLength={200}
        list={typesId}
        defaultValue={type}
        violation={violationOf("type")}
        placeholder="order.paid"
        hint="What happened, in segments that dots separate."
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id={typesId}>
        {types.data?.eventTypes
          .filter(({ kind }) => kind !== EventTypeKind.OWN)
          .map((known) => (
            <option key={known.type} value={known.type} />
          ))}
      </datalist>
      <TextField
        label="Aggregate id"
        name="aggregateId"
        required
        maxLength={200}
        defaultValue={aggregateId}
        violation={violationOf("aggregate_id")}
        hint="What it happened to. Events of one aggregate are numbered without gaps."
        autoComplete="off"
        spellCheck={false}
      />
      <TextField
        label="Aggregate type"
        name="aggregateType"
        maxLength={200}
        defaultValue={aggregateType}
        violation={violationOf("aggregate_type")}
        hint="Empty: the first segment of the type."
        autoComplete="off"
        spellCheck={false}
      />
      <TextArea
        label="Payload"
        name="payload"
        rows={8}
        defaultValue={payload}
        violation={payloadFault ?? violationOf("payload")}
        hint="A JSON object: what targets are told of it."
        spellCheck={false}
      />
      <TextField
        label="Idempotency key"
        name="idempotencyKey"
        maxLength={500}
        violation={violationOf("idempotency_key")}
        hint="A text that no other event has: published again under it, the event is not appended again. Empty: each time is a new one."
        autoComplete="off"
        spellCheck={false}
      />
      {publication.data && <Published answer={publication.data} />}
      <div className="form-end">
        <button type="submit" className="button primary" disabled={publication.isPending}>
          {publication.isPending ? "Publishing …" : "Publish"}
        </button>
        <Link href="/events" className="button">
          Back to the events
        </Link>
      </div>
    </form>
  );
}

function Published({ answer: { id, sequence, repeated } }: { readonly answer: PublishEventResponse }) {
  return (
    <Notice
      tone={repeated ? "warn" : "good"}
      title={repeated ? "It was published before, under this key" : "The event is published"}
    >
      <p>
        It is number {String(sequence)} of its aggregate. See <Link href={`/events/${id}`}>the event</Link> and{" "}
        <Link href={`/deliveries?event=${id}`}>its deliveries</Link>.
      </p>
    </Notice>
  );
}
