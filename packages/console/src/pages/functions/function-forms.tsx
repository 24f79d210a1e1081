import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  FunctionOrigin,
  FunctionService,
  type Function as DeclaredFunction,
} from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { useState, type SubmitEvent } from "react";
import { Link, useLocation } from "wouter";
import { problemFrom } from "../../api/problem.ts";
import { prettyJson } from "../../components/code-view.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { JsonField } from "../../components/json-field.tsx";
import { readJsonObject } from "../../components/json-text.ts";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Page } from "../../components/page.tsx";
import { useToast } from "../../components/toast.tsx";
import { functionHref, originWords } from "./function-words.ts";

const FUNCTIONS = { label: "Functions", href: "/functions" };
const SCHEMA_EXAMPLE = '{"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}';

/** Declares a function. */
export function NewFunction() {
  const [, navigate] = useLocation();
  const toast = useToast();
  const creation = useMutation(FunctionService.method.createFunction, {
    onSuccess: ({ function: created }) => {
      toast({ text: "The function is declared." });
      navigate(functionHref(created?.name ?? ""));
    },
  });
  return (
    <Page title="Declare a function" above={[FUNCTIONS]}>
      <FunctionForm
        declared={undefined}
        action="Declare the function"
        cancelTo="/functions"
        isBusy={creation.isPending}
        error={creation.error}
        onSubmit={(values) => creation.mutate({ function: values })}
      />
    </Page>
  );
}

/** Changes a function that was declared over the API. */
export function EditFunction({ name }: { readonly name: string }) {
  const [, navigate] = useLocation();
  const toast = useToast();
  const { data, error, refetch } = useQuery(FunctionService.method.getFunction, { name });
  const update = useMutation(FunctionService.method.updateFunction, {
    onSuccess: () => {
      toast({ text: "The function is changed." });
      navigate(functionHref(name));
    },
  });
  const declared = data?.function;
  return (
    <Page title={`Edit ${name}`} above={[FUNCTIONS, { label: name, href: functionHref(name) }]}>
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!declared && !error && <Loading what="the function" />}
      {declared && declared.origin !== FunctionOrigin.API && (
        <Notice tone="info" title="It cannot be changed here">
          <p>It is declared {originWords(declared.origin).hint}.</p>
        </Notice>
      )}
      {declared?.origin === FunctionOrigin.API && (
        <FunctionForm
          declared={declared}
          action="Save"
          cancelTo={functionHref(name)}
          isBusy={update.isPending}
          error={update.error}
          onSubmit={(values) => update.mutate({ name, function: values, updateMask: { paths: ["*"] } })}
        />
      )}
    </Page>
  );
}

type FunctionValues = Pick<DeclaredFunction, "name" | "description" | "inputSchema" | "replySchema">;

interface FunctionFormProps {
  readonly declared: DeclaredFunction | undefined;
  readonly action: string;
  readonly cancelTo: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onSubmit: (values: Partial<FunctionValues>) => void;
}

function FunctionForm({ declared, action, cancelTo, isBusy, error, onSubmit }: FunctionFormProps) {
  const [inputText, setInputText] = useState(schemaText(declared?.inputSchema));
  const [replyText, setReplyText] = useState(schemaText(declared?.replySchema));
  const violations = error ? problemFrom(error).violations : undefined;
  const violation = (field: string): string | undefined =>
    violations?.get(field) ?? violations?.get(`function.${field}`);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text } = readForm(event);
    const [input, reply] = [readJsonObject(inputText), readJsonObject(replyText)];
    // The fields say so already.
    if (!input.object || !reply.object) return;
    onSubmit({
      name: declared?.name ?? text("name"),
      description: text("description"),
      ...(inputText.trim() !== "" && { inputSchema: input.object }),
      ...(replyText.trim() !== "" && { replySchema: reply.object }),
    });
  };
  return (
    <form className="form" onSubmit={submit}>
      {error !== null && <ErrorNotice error={error} />}
      {!declared && (
        <TextField
          label="Name"
          name="name"
          required
          maxLength={200}
          placeholder="price.discount"
          violation={violation("name")}
          hint="Letters, digits, dots, underscores and hyphens, the first one a letter. It never changes."
          autoComplete="off"
        />
      )}
      <TextField
        label="Description"
        name="description"
        maxLength={1000}
        defaultValue={declared?.description}
        violation={violation("description")}
        hint="What it is for."
        autoComplete="off"
      />
      <JsonField
        label="Schema of the input"
        text={inputText}
        onChange={setInputText}
        placeholder={SCHEMA_EXAMPLE}
        violation={violation("input_schema")}
        hint="JSON Schema 2020-12 that an input must fit, or the invocation is refused. Empty: anything fits."
      />
      <JsonField
        label="Schema of the replies"
        text={replyText}
        onChange={setReplyText}
        violation={violation("reply_schema")}
        hint="What the targets' replies must come to, merged so far. A target whose reply does not fit has failed. Empty: anything fits."
      />
      <div className="form-end">
        <button type="submit" className="button primary" disabled={isBusy}>
          {action}
        </button>
        <Link href={cancelTo} className="button">
          Cancel
        </Link>
      </div>
    </form>
  );
}

function schemaText(schema: DeclaredFunction["inputSchema"]): string {
  return schema ? prettyJson(schema) : "";
}
