import { useMutation, useQuery } from "@connectrpc/connect-query";
import { ExplainKind, ExplainService } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import {
  FunctionOrigin,
  FunctionService,
  type Function as DeclaredFunction,
} from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { JsonView } from "../../components/code-view.tsx";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { executionHref, ExecutionLink, explainHref, TargetLink } from "../../components/links.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page, Section } from "../../components/page.tsx";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";
import { functionHref, originWords } from "./function-words.ts";
import { InvokeSection } from "./invoke-section.tsx";

/** One function: what it is for, what it calls, what fits it, and a way to invoke it. */
export function FunctionDetail({ name }: { readonly name: string }) {
  const [, navigate] = useLocation();
  const toast = useToast();
  const [isDeleting, setDeleting] = useState(false);
  const { data, error, refetch } = useQuery(FunctionService.method.getFunction, { name });
  const deletion = useMutation(FunctionService.method.deleteFunction, {
    onSuccess: () => {
      toast({ text: "The function is deleted." });
      navigate("/functions");
    },
  });
  const declared = data?.function;
  return (
    <Page
      title={name}
      above={[{ label: "Functions", href: "/functions" }]}
      {...(declared && declared.description !== "" && { lead: declared.description })}
      actions={
        declared?.origin === FunctionOrigin.API && (
          <>
            <Link href={`${functionHref(name)}/edit`} className="button">
              Edit
            </Link>
            <button type="button" className="button danger" onClick={() => setDeleting(true)}>
              Delete
            </button>
          </>
        )
      }
    >
      {error && !deletion.isSuccess && <ErrorNotice error={error} retry={refetch} />}
      {!declared && !error && <Loading what="the function" />}
      {declared && (
        <>
          <Facts
            facts={{
              Declared: originWords(declared.origin).hint,
              Created: declared.createTime && <When at={declared.createTime} />,
              Changed: declared.updateTime && <When at={declared.updateTime} />,
            }}
          />
          <CalledSection name={name} />
          <InvokeSection name={name} />
          <SchemaSection declared={declared} />
        </>
      )}
      {isDeleting && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          action="Delete the function"
          isBusy={deletion.isPending}
          error={deletion.error}
          onConfirm={() => deletion.mutate({ name })}
          onClose={() => setDeleting(false)}
        >
          <p>Programs that invoke it are refused from then on. It can be declared again by the same name.</p>
        </ConfirmDialog>
      )}
    </Page>
  );
}

/** The execution that is set on a function, and the targets that it calls. */
function CalledSection({ name }: { readonly name: string }) {
  const subject = { kind: ExplainKind.FUNCTION, function: name };
  const { data, error, refetch } = useQuery(ExplainService.method.explain, subject);
  return (
    <Section
      title="What it calls"
      actions={
        <Link href={explainHref({ kind: "function", function: name })} className="button">
          Explain
        </Link>
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="what it calls" />}
      {data?.executionId === "" && (
        <p>
          Nothing: an invocation answers an empty output.{" "}
          <Link href={executionHref(`function/${name}`)}>Set an execution on it</Link> to have it call targets.
        </p>
      )}
      {data && data.executionId !== "" && (
        <Facts
          facts={{
            Execution: <ExecutionLink id={data.executionId} />,
            Targets: (
              <ol className="plain-list">
                {data.plan.map(({ place, targetId, targetName, isShadow }) => (
                  <li key={place}>
                    {place}. <TargetLink id={targetId} name={targetName} />
                    {isShadow && " (shadow)"}
                  </li>
                ))}
              </ol>
            ),
          }}
        />
      )}
    </Section>
  );
}

function SchemaSection({ declared: { inputSchema, replySchema } }: { readonly declared: DeclaredFunction }) {
  return (
    <Section title="What fits it" lead="JSON Schema 2020-12. What does not fit is refused, and says in which field.">
      <div className="columns">
        <div className="stack">
          <h3>Input</h3>
          {inputSchema ? (
            <JsonView value={inputSchema} what="the schema of the input" />
          ) : (
            <p className="hint">Anything.</p>
          )}
        </div>
        <div className="stack">
          <h3>Replies, merged</h3>
          {replySchema ? (
            <JsonView value={replySchema} what="the schema of the replies" />
          ) : (
            <p className="hint">Anything.</p>
          )}
        </div>
      </div>
    </Section>
  );
}
