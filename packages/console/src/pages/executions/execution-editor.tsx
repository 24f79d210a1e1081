import { useQuery } from "@connectrpc/connect-query";
import { ExecutionService } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import { useState } from "react";
import { conditionWords, parseConditionId, type ConditionParts } from "../../components/condition.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { Page } from "../../components/page.tsx";
import { useExecutions, useTargets } from "../../components/use-executions.ts";
import { DeleteExecution } from "./delete-execution.tsx";
import { draftOptions, NO_OPTIONS } from "./draft.ts";
import { ExecutionForm } from "./execution-form.tsx";
import { WatchLinks } from "./watch-links.tsx";

/** What is known of the options of one that is not set. */
const UNSET = { options: undefined, otherVersions: [] };

/** One execution, whether it is set or not yet: what it calls in which order, and its options. */
export function ExecutionEditor({ id }: { readonly id: string }) {
  const condition = parseConditionId(id);
  return condition ? <ConditionEditor id={id} condition={condition} /> : <NoSuchPage />;
}

function ConditionEditor({ id, condition }: { readonly id: string; readonly condition: ConditionParts }) {
  // Whether it was set on this page: until its options are there, the form stays.
  const [isNew, setNew] = useState(false);
  const executions = useExecutions();
  const targets = useTargets();
  const execution = executions.data?.get(id);
  const options = useQuery(
    ExecutionService.method.getExecutionOptions,
    { execution: id },
    { enabled: execution !== undefined },
  );
  // What is asked of one that was deleted this moment is no error to speak of.
  const optionsError = execution ? options.error : null;
  const error = executions.error ?? targets.error ?? optionsError;
  const retry = (): void => void [executions.refetch(), targets.refetch(), execution && options.refetch()];
  const known = execution ? (options.data ?? (isNew ? UNSET : undefined)) : UNSET;
  return (
    <Page
      title={conditionWords(condition)}
      above={[{ label: "Executions", href: "/executions" }]}
      lead={
        <>
          <code>{id}</code> <CopyButton text={id} what="the id" />
        </>
      }
      actions={
        execution && (
          <>
            <WatchLinks condition={condition} />
            <DeleteExecution execution={execution} all={executions.data} />
          </>
        )
      }
    >
      {error && <ErrorNotice error={error} retry={retry} />}
      {!error && !(executions.data && targets.data && known) && <Loading what="the execution" />}
      {executions.data && targets.data && known && (
        <ExecutionForm
          id={id}
          condition={condition}
          executions={executions.data}
          targets={targets.data}
          saved={{
            entries: execution?.entries ?? [],
            options: known.options ? draftOptions(known.options) : NO_OPTIONS,
          }}
          otherVersions={known.otherVersions}
          onFirstSet={() => setNew(true)}
        />
      )}
    </Page>
  );
}
