import { useMutation, useQuery } from "@connectrpc/connect-query";
import { TryService, type MakeSampleResponse } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { useEffect, useEffectEvent, useRef, useState, type SubmitEvent } from "react";
import { Link } from "wouter";
import { markTried } from "../../api/tried.ts";
import { prettyJson } from "../../components/code-view.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { explainHref } from "../../components/links.tsx";
import { JsonField } from "../../components/json-field.tsx";
import { readJsonObject } from "../../components/json-text.ts";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Page, Section } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Hooked } from "./hooked.tsx";
import { filtersFrom, kindOf, subjectFrom, type Subject } from "./subject.ts";
import { SubjectFields } from "./subject-fields.tsx";
import { TryResult } from "./try-result.tsx";
import { TryTabs } from "./try-tabs.tsx";

const FILTERS = ["kind", "method", "function", "event", "target", "run"] as const;

/** A test call: a sample is sent to one target, or to all that an execution calls, and no API is touched. */
export function TryPage() {
  const [filters, setFilters] = useFilters(FILTERS);
  const { run, target } = filters;
  const subject = subjectFrom(filters);
  const isFromRun = run !== "";
  const sample = useQuery(TryService.method.makeSample, isFromRun ? { runId: run } : { ...(subject && { subject }) }, {
    enabled: isFromRun || subject !== undefined,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  // What a run was of is known once its sample is there.
  const takeOver = useEffectEvent((of: Subject) => setFilters(filtersFrom(of)));
  const of = isFromRun ? sample.data?.subject : undefined;
  useEffect(() => {
    if (of) takeOver(of);
  }, [of]);
  const ready = subject && sample.data;
  return (
    <Page
      title="Try"
      lead="Sends a sample to targets as a run would, and shows what each was sent and answered. Targets are really called; no API is, nothing is put on record, and nothing is delivered."
    >
      <TryTabs target={target} />
      <div className="stack">
        <SubjectFields
          filters={filters}
          onChange={(changes) => setFilters({ run: "", ...changes, ...onlyTarget(changes, run) })}
        />
        {isFromRun && (
          <Notice tone="info" title="The sample is taken from the record">
            <p>
              It is what <Link href={`/runs/${encodeURIComponent(run)}`}>the run</Link> was about. What is hidden on
              record, and what was too large for it, is not in it.
            </p>
            <button type="button" className="button small" onClick={() => setFilters({ run: "" })}>
              Make one from the description instead
            </button>
          </Notice>
        )}
        {!subject && !isFromRun && <Hooked target={target} />}
        {sample.error && <ErrorNotice error={sample.error} retry={sample.refetch} />}
        {sample.isLoading && <Loading what="a sample" />}
      </div>
      {ready && (
        <TrySample key={JSON.stringify([subject, run])} subject={subject} target={target} sample={sample.data} />
      )}
    </Page>
  );
}

/** Who is called has nothing to do with where the sample comes from. */
function onlyTarget(changes: { readonly target?: string }, run: string): { readonly run?: string } {
  return "target" in changes ? { run } : {};
}

/** The sample, to be edited and sent; and what came of it. */
function TrySample({
  subject,
  target,
  sample,
}: {
  readonly subject: Subject;
  readonly target: string;
  readonly sample: MakeSampleResponse;
}) {
  const { kind } = filtersFrom(subject);
  const [requestText, setRequestText] = useState(prettyJson(sample.request ?? {}));
  const [responseText, setResponseText] = useState(prettyJson(sample.response ?? {}));
  const result = useRef<HTMLDivElement>(null);
  const attempt = useMutation(TryService.method.try, {
    onSuccess: () => {
      markTried();
      result.current?.scrollIntoView({ block: "nearest" });
    },
  });
  const isResponse = kind === "response";
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const [request, response] = [readJsonObject(requestText), readJsonObject(responseText)];
    // The fields say so already.
    if (!request.object || !response.object) return;
    attempt.mutate({
      subject,
      targetId: target,
      request: request.object,
      ...(isResponse && { response: response.object }),
    });
  };
  return (
    <>
      <Section
        title="Sample"
        actions={
          <Link href={explainHref(explainSubject(subject))} className="button">
            Explain what would be called
          </Link>
        }
      >
        <form className="stack" onSubmit={submit}>
          <div className="columns">
            <JsonField label={REQUEST_LABELS[kindOf(kind)]} text={requestText} onChange={setRequestText} rows={12} />
            {isResponse && <JsonField label="Response" text={responseText} onChange={setResponseText} rows={12} />}
          </div>
          <div className="form-end">
            <button type="submit" className="button primary" disabled={attempt.isPending}>
              {attempt.isPending ? "Sending …" : "Send"}
            </button>
            <button
              type="button"
              className="button"
              onClick={() => {
                setRequestText(prettyJson(sample.request ?? {}));
                setResponseText(prettyJson(sample.response ?? {}));
              }}
            >
              Back to the sample
            </button>
          </div>
        </form>
      </Section>
      <div ref={result}>
        {attempt.error && <ErrorNotice error={attempt.error} />}
        {attempt.data && <TryResult result={attempt.data} isOneTarget={attempt.variables.targetId !== ""} />}
      </div>
    </>
  );
}

const REQUEST_LABELS = {
  request: "Request",
  response: "Request that it answers",
  function: "Input",
  event: "Payload of the event",
} as const;

function explainSubject(subject: Subject): Parameters<typeof explainHref>[0] {
  const { kind, method, function: name, event } = filtersFrom(subject);
  if (kind === "function") return { kind, function: name };
  if (kind === "event") return { kind, event };
  return { kind: kind === "response" ? kind : "request", method };
}
