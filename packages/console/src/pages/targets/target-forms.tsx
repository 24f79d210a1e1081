import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  ActionService,
  type CreateTargetRequestSchema,
} from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import {
  RESTAsyncSchema,
  RESTCallSchema,
  RESTWebhookSchema,
  PayloadType,
  type Target,
} from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import { useState, type SubmitEvent } from "react";
import { Link, useLocation } from "wouter";
import { problemFrom } from "../../api/problem.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { CheckField, ChoiceField, SelectField, TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { SecretDialog } from "../../components/secret-dialog.tsx";
import { editableDuration, parseDuration } from "../../components/time.ts";
import { useToast } from "../../components/toast.tsx";
import { interrupts, kindOf, KINDS, PAYLOAD_TYPES, type TargetKind } from "./target-words.ts";

const TARGETS = { label: "Targets", href: "/targets" };
const DEFAULT_TIMEOUT = "5s";

/** Makes a target, and shows its signing key once. */
export function NewTarget() {
  const [, navigate] = useLocation();
  const creation = useMutation(ActionService.method.createTarget);
  const { data: created } = creation;
  return (
    <Page title="Create a target" above={[TARGETS]}>
      <TargetForm
        target={undefined}
        action="Create the target"
        cancelTo="/targets"
        isBusy={creation.isPending}
        error={creation.error}
        onSubmit={(values) => creation.mutate(values)}
      />
      {created && (
        <SecretDialog
          title="The target is created"
          secret={created.signingKey}
          what="the signing key"
          onClose={() => navigate(`/targets/${created.id}`)}
        >
          <p>
            This key signs each call of the target. Give it to the target, so that it can tell genuine calls from
            others.
          </p>
        </SecretDialog>
      )}
    </Page>
  );
}

/** Changes a target. */
export function EditTarget({ id }: { readonly id: string }) {
  const [, navigate] = useLocation();
  const toast = useToast();
  const { data, error, refetch } = useQuery(ActionService.method.getTarget, { id });
  const update = useMutation(ActionService.method.updateTarget, {
    onSuccess: () => {
      toast({ text: "The target is changed." });
      navigate(`/targets/${id}`);
    },
  });
  const target = data?.target;
  return (
    <Page
      title={target ? `Edit ${target.name}` : "Edit a target"}
      above={[TARGETS, { label: target?.name ?? id, href: `/targets/${id}` }]}
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!target && !error && <Loading what="the target" />}
      {target && (
        <TargetForm
          target={target}
          action="Save"
          cancelTo={`/targets/${id}`}
          isBusy={update.isPending}
          error={update.error}
          onSubmit={(values) => update.mutate({ id, ...values })}
        />
      )}
    </Page>
  );
}

type TargetValues = Pick<
  MessageInitShape<typeof CreateTargetRequestSchema>,
  "name" | "endpoint" | "timeout" | "payloadType" | "targetType"
>;

interface TargetFormProps {
  readonly target: Target | undefined;
  readonly action: string;
  readonly cancelTo: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onSubmit: (values: TargetValues) => void;
}

function TargetForm({ target, action, cancelTo, isBusy, error, onSubmit }: TargetFormProps) {
  const [kind, setKind] = useState<TargetKind>(target ? kindOf(target) : "restWebhook");
  const [timeoutFault, setTimeoutFault] = useState<string>();
  const violations = error ? problemFrom(error).violations : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text, isChecked, choice } = readForm(event);
    const timeout = parseDuration(text("timeout"));
    setTimeoutFault(timeout ? undefined : "Give a length of time such as 5s or 500ms.");
    if (!timeout) return;
    onSubmit({
      name: text("name"),
      endpoint: text("endpoint"),
      timeout,
      payloadType: choice("payloadType", PAYLOAD_TYPES),
      targetType: targetType(kind, isChecked("interruptOnError")),
    });
  };
  return (
    <form className="form" onSubmit={submit}>
      {error !== null && <ErrorNotice error={error} />}
      <TextField
        label="Name"
        name="name"
        required
        maxLength={1000}
        defaultValue={target?.name}
        violation={violations?.get("name")}
        autoComplete="off"
      />
      <TextField
        label="Endpoint"
        name="endpoint"
        type="url"
        required
        maxLength={1000}
        placeholder="https://hooks.example.com/orders"
        defaultValue={target?.endpoint}
        violation={violations?.get("endpoint")}
        hint="The whole URL, which is called by POST."
        autoComplete="off"
      />
      <ChoiceField legend="Type" name="kind" options={KINDS} value={kind} onChoose={setKind} />
      {kind !== "restAsync" && (
        <CheckField
          label="Interrupt on error"
          name="interruptOnError"
          defaultChecked={target ? interrupts(target) : true}
          hint="When the target fails, the message is refused. Otherwise it goes on as if the target had not been there."
        />
      )}
      <TextField
        label="Timeout"
        name="timeout"
        required
        defaultValue={target ? editableDuration(target.timeout) : DEFAULT_TIMEOUT}
        violation={timeoutFault ?? violations?.get("timeout")}
        hint="Longest time of one call, such as 5s or 500ms. At most 270s."
        autoComplete="off"
      />
      <SelectField
        label="Payload"
        name="payloadType"
        options={PAYLOAD_TYPES}
        defaultValue={String(target?.payloadType ?? PayloadType.JSON)}
        violation={violations?.get("payload_type")}
        hint="How what the target is sent is written."
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

function targetType(kind: TargetKind, interruptOnError: boolean): NonNullable<TargetValues["targetType"]> {
  switch (kind) {
    case "restWebhook":
      return { case: kind, value: create(RESTWebhookSchema, { interruptOnError }) };
    case "restCall":
      return { case: kind, value: create(RESTCallSchema, { interruptOnError }) };
    case "restAsync":
      return { case: kind, value: create(RESTAsyncSchema) };
  }
}
