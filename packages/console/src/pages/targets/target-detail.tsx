import { useMutation, useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { PayloadType } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page } from "../../components/page.tsx";
import { formatDuration } from "../../components/time.ts";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";
import { HealthSection } from "./health-section.tsx";
import { OutboundSection } from "./outbound-section.tsx";
import { PublicKeysSection } from "./public-keys-section.tsx";
import { QueueSection } from "./queue-section.tsx";
import { SettingsSection } from "./settings-section.tsx";
import { SigningKeysSection } from "./signing-keys-section.tsx";
import { interrupts, kindLabel, kindOf } from "./target-words.ts";

/** One target, with all that can be said of it and done to it. */
export function TargetDetail({ id }: { readonly id: string }) {
  const [, navigate] = useLocation();
  const toast = useToast();
  const [isDeleting, setDeleting] = useState(false);
  const { data, error, refetch } = useQuery(ActionService.method.getTarget, { id });
  const deletion = useMutation(ActionService.method.deleteTarget, {
    onSuccess: () => {
      toast({ text: "The target is deleted." });
      navigate("/targets");
    },
  });
  const target = data?.target;
  return (
    <Page
      title={target?.name ?? `Target ${id}`}
      above={[{ label: "Targets", href: "/targets" }]}
      actions={
        target && (
          <>
            <Link href={`/try?target=${encodeURIComponent(id)}`} className="button">
              Send a test call
            </Link>
            <Link href={`/targets/${id}/edit`} className="button">
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
      {!target && !error && <Loading what="the target" />}
      {target && (
        <>
          <Facts
            facts={{
              Endpoint: <code>{target.endpoint}</code>,
              Type: kindLabel(target),
              "On error":
                kindOf(target) === "restAsync"
                  ? undefined
                  : interrupts(target)
                    ? "interrupts the run"
                    : "the run goes on",
              Timeout: formatDuration(target.timeout),
              Payload: PayloadType[target.payloadType],
              Id: (
                <>
                  <code>{target.id}</code> <CopyButton text={target.id} what="the id" />
                </>
              ),
              Created: <When at={target.creationDate} />,
              Changed: <When at={target.changeDate} />,
            }}
          />
          <HealthSection targetId={id} />
          <QueueSection targetId={id} />
          <SettingsSection targetId={id} />
          <SigningKeysSection targetId={id} />
          <PublicKeysSection targetId={id} />
          <OutboundSection targetId={id} />
        </>
      )}
      {isDeleting && target && (
        <ConfirmDialog
          title={`Delete ${target.name}?`}
          action="Delete the target"
          isBusy={deletion.isPending}
          error={deletion.error}
          onConfirm={() => deletion.mutate({ id })}
          onClose={() => setDeleting(false)}
        >
          <p>
            It is taken out of every execution, and its keys and the deliveries that wait for it are gone. This cannot
            be taken back.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}
