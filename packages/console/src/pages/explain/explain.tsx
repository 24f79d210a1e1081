import { useQuery } from "@connectrpc/connect-query";
import { ExplainService } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { useState } from "react";
import { useLocation } from "wouter";
import { Combobox, type ComboboxOption } from "../../components/combobox.tsx";
import type { ConditionKind } from "../../components/condition.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { SelectField } from "../../components/fields.tsx";
import { explainHref, type ExplainSubject } from "../../components/links.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { useEventTypes, useFunctions } from "../../components/use-names.ts";
import { Answer } from "./answer.tsx";
import { HAPPENINGS, happeningOf, nameOf, subjectFrom, subjectOf } from "./question.ts";

/** Asks what would be called for something, and shows the answer. The address has the question. */
export function Explain() {
  const [filters] = useFilters(["kind", "method", "function", "event"]);
  const subject = subjectFrom(filters);
  const key = `${filters.kind} ${subject ? nameOf(subject) : ""}`;
  return (
    <Page
      title="Explain"
      lead="What would be called for a message, in which order and why, and what would come of each failure. Nobody is called for it."
    >
      <QuestionForm key={key} kind={happeningOf(filters.kind).value} name={subject ? nameOf(subject) : ""} />
      {subject && <Explained subject={subject} />}
    </Page>
  );
}

function QuestionForm({ kind: kindAtFirst, name }: { readonly kind: ConditionKind; readonly name: string }) {
  const [, navigate] = useLocation();
  const [kind, setKind] = useState(kindAtFirst);
  const [text, setText] = useState(name);
  const names = useNames(kind);
  const { parameter, placeholder } = happeningOf(kind);
  const ask = (given: string): void => {
    if (given.trim() !== "") navigate(explainHref(subjectOf(kind, given.trim())));
  };
  return (
    <form
      className="inline-form question"
      onSubmit={(event) => {
        event.preventDefault();
        ask(text);
      }}
    >
      <SelectField
        label="What happens"
        options={HAPPENINGS}
        value={kind}
        onChange={(event) => {
          const next = happeningOf(event.target.value);
          if (next.parameter !== parameter) setText("");
          setKind(next.value);
        }}
      />
      <Combobox
        label={parameter === "method" ? "Method" : parameter === "function" ? "Function" : "Type of the event"}
        placeholder={placeholder}
        required
        text={text}
        onType={setText}
        options={names}
        onChoose={(value) => {
          setText(value);
          ask(value);
        }}
      />
      <button type="submit" className="button primary">
        Explain
      </button>
    </form>
  );
}

function useNames(kind: ConditionKind): readonly ComboboxOption[] {
  const methods = useQuery(ActionService.method.listExecutionMethods, {}).data?.methods ?? [];
  const functions = useFunctions();
  const eventTypes = useEventTypes();
  if (kind === "request" || kind === "response") return methods.map((value) => ({ value, label: value }));
  return (kind === "function" ? functions : eventTypes).map(({ name, comment }) => ({
    value: name,
    label: name,
    ...(comment !== "" && { detail: comment }),
  }));
}

function Explained({ subject }: { readonly subject: ExplainSubject }) {
  const { kind } = happeningOf(subject.kind);
  const { data, error, refetch } = useQuery(ExplainService.method.explain, { ...subject, kind });
  if (error) return <ErrorNotice error={error} retry={refetch} />;
  return data ? <Answer subject={subject} answer={data} /> : <Loading what="the answer" />;
}
