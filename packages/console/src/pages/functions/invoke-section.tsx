import { useMutation } from "@connectrpc/connect-query";
import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { FunctionService } from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { TryService } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { useState, type SubmitEvent } from "react";
import { Link } from "wouter";
import { JsonView, prettyJson } from "../../components/code-view.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { JsonField } from "../../components/json-field.tsx";
import { readJsonObject } from "../../components/json-text.ts";
import { Section } from "../../components/page.tsx";

/** Invokes a function for real, as a program would. */
export function InvokeSection({ name }: { readonly name: string }) {
  const [text, setText] = useState("{}");
  const invocation = useMutation(FunctionService.method.invoke);
  const sample = useMutation(TryService.method.makeSample, {
    onSuccess: ({ request }) => setText(prettyJson(request ?? {})),
  });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const { object } = readJsonObject(text);
    if (object) invocation.mutate({ name, input: object });
  };
  const isOver = invocation.isSuccess || invocation.isError;
  return (
    <Section
      title="Invoke it"
      lead={
        <>
          As a program does: its targets are called, and the run comes on record.{" "}
          <Link href={`/try?${new URLSearchParams({ kind: "function", function: name }).toString()}`}>Try</Link> shows
          each call as well.
        </>
      }
    >
      <div className="columns">
        <form className="stack" onSubmit={submit}>
          <JsonField label="Input" text={text} onChange={setText} rows={8} />
          {sample.error && <ErrorNotice error={sample.error} />}
          <div className="form-end">
            <button type="submit" className="button primary" disabled={invocation.isPending}>
              Invoke
            </button>
            <button
              type="button"
              className="button"
              disabled={sample.isPending}
              onClick={() => sample.mutate({ subject: { kind: ExplainKind.FUNCTION, function: name } })}
            >
              Fill in a sample
            </button>
          </div>
        </form>
        <div className="stack" role="status" aria-label="What came of it">
          <h3>Output</h3>
          {!isOver && <p className="hint">What the targets reply together comes here.</p>}
          {invocation.error && <ErrorNotice error={invocation.error} />}
          {invocation.data && <JsonView value={invocation.data.output ?? {}} what="the output" />}
          {isOver && (
            <p>
              <Link href={`/runs?function=${encodeURIComponent(name)}`}>See the run on record</Link>
            </p>
          )}
        </div>
      </div>
    </Section>
  );
}
