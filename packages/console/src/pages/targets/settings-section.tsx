import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  Dialect,
  ReplyMode,
  TargetService,
  type TargetSettings,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { useState, type SubmitEvent } from "react";
import { problemFrom } from "../../api/problem.ts";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { SelectField, TextArea, TextField } from "../../components/fields.tsx";
import { readForm, type Option } from "../../components/form.ts";
import { Loading } from "../../components/loading.tsx";
import { Section } from "../../components/page.tsx";
import { editableDuration, formatDuration, parseDuration } from "../../components/time.ts";
import { useToast } from "../../components/toast.tsx";

const DIALECTS: readonly [Option<Dialect>, ...Option<Dialect>[]] = [
  { value: String(Dialect.V2), label: "v2: lowerCamelCase, a reply replaces the message", means: Dialect.V2 },
  {
    value: String(Dialect.V3ALPHA),
    label: "v3alpha: proto names, a reply is merged into the message",
    means: Dialect.V3ALPHA,
  },
];
const REPLY_MODES: readonly [Option<ReplyMode>, ...Option<ReplyMode>[]] = [
  { value: String(ReplyMode.DIALECT), label: "As the dialect has it", means: ReplyMode.DIALECT },
  {
    value: String(ReplyMode.PATCH),
    label: "Patch: what a reply leaves out stays, null clears",
    means: ReplyMode.PATCH,
  },
];

/** What only Interpose knows of a target: dialect, deliveries, where it may be. */
export function SettingsSection({ targetId }: { readonly targetId: string }) {
  const [isEditing, setEditing] = useState(false);
  const { data, error, refetch } = useQuery(TargetService.method.getTargetSettings, { targetId });
  const settings = data?.settings;
  return (
    <Section
      title="Settings"
      actions={
        settings && (
          <button type="button" className="button" onClick={() => setEditing(true)}>
            Change
          </button>
        )
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!settings && !error && <Loading what="the settings" />}
      {settings && (
        <Facts
          facts={{
            Dialect: labelOf(DIALECTS, settings.dialect),
            Replies: labelOf(REPLY_MODES, settings.replyMode || ReplyMode.DIALECT),
            Retries: retriesText(settings),
            "At once":
              settings.delivery?.maxConcurrency === undefined
                ? undefined
                : `${settings.delivery.maxConcurrency} at most`,
            "In a second": settings.delivery?.maxPerSecond
              ? `${settings.delivery.maxPerSecond} at most`
              : "as many as may be",
            "May be beyond public addresses":
              settings.egressAllow.length === 0 ? undefined : settings.egressAllow.join(", "),
          }}
        />
      )}
      {isEditing && settings && (
        <SettingsDialog targetId={targetId} settings={settings} onClose={() => setEditing(false)} />
      )}
    </Section>
  );
}

function SettingsDialog({
  targetId,
  settings,
  onClose,
}: {
  readonly targetId: string;
  readonly settings: TargetSettings;
  readonly onClose: () => void;
}) {
  const toast = useToast();
  const [retryFault, setRetryFault] = useState<string>();
  const update = useMutation(TargetService.method.updateTargetSettings, {
    onSuccess: () => {
      toast({ text: "The settings are changed." });
      onClose();
    },
  });
  const violations = update.error ? problemFrom(update.error).violations : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text, list, choice } = readForm(event);
    const given = list("retry");
    const delays = given.flatMap((each) => parseDuration(each) ?? []);
    setRetryFault(delays.length < given.length ? "Give lengths of time such as 5s, 2m or 1h." : undefined);
    if (delays.length < given.length) return;
    const egressAllow = list("egressAllow");
    const egressChanged = egressAllow.join() !== settings.egressAllow.join();
    update.mutate({
      targetId,
      settings: {
        dialect: choice("dialect", DIALECTS),
        replyMode: choice("replyMode", REPLY_MODES),
        delivery: {
          retry: { delays },
          maxConcurrency: Number(text("maxConcurrency")),
          maxPerSecond: Number(text("maxPerSecond")),
        },
        egressAllow,
      },
      // The list of addresses needs a permission of its own, so it is named only where it changes.
      updateMask: { paths: ["dialect", "reply_mode", "delivery", ...(egressChanged ? ["egress_allow"] : [])] },
    });
  };
  return (
    <Dialog title="Settings of the target" onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {update.error && <ErrorNotice error={update.error} />}
        <SelectField
          label="Dialect"
          name="dialect"
          options={DIALECTS}
          defaultValue={String(settings.dialect)}
          hint="The spelling of what the target is sent, and the way its reply is applied."
        />
        <SelectField
          label="Replies"
          name="replyMode"
          options={REPLY_MODES}
          defaultValue={String(settings.replyMode || ReplyMode.DIALECT)}
        />
        <TextArea
          label="Retry after"
          name="retry"
          rows={2}
          defaultValue={settings.delivery?.retry?.delays.map(editableDuration).join(", ")}
          violation={retryFault ?? violations?.get("settings.delivery.retry.delays")}
          hint="Time before each attempt after the first, such as 5s, 2m, 1h. Empty: there is one attempt."
        />
        <TextField
          label="Most attempts at once"
          name="maxConcurrency"
          type="number"
          min={1}
          max={1000}
          required
          defaultValue={settings.delivery?.maxConcurrency ?? 20}
          violation={violations?.get("settings.delivery.max_concurrency")}
        />
        <TextField
          label="Most attempts within a second"
          name="maxPerSecond"
          type="number"
          min={0}
          max={100_000}
          required
          defaultValue={settings.delivery?.maxPerSecond ?? 0}
          violation={violations?.get("settings.delivery.max_per_second")}
          hint="0: as many as may be."
        />
        <TextArea
          label="May be beyond public addresses"
          name="egressAllow"
          rows={2}
          defaultValue={settings.egressAllow.join(", ")}
          violation={violations?.get("settings.egress_allow")}
          hint="Networks (10.0.0.0/8) and hosts (*.corp) for this target alone. Needs the permission target.egress.write."
        />
        <div className="dialog-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={update.isPending}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function labelOf(options: readonly { readonly value: string; readonly label: string }[], value: number): string {
  return options.find((option) => option.value === String(value))?.label ?? "unknown";
}

function retriesText({ delivery }: TargetSettings): string {
  const delays = delivery?.retry?.delays ?? [];
  return delays.length === 0 ? "none: there is one attempt" : `after ${delays.map(formatDuration).join(", ")}`;
}
