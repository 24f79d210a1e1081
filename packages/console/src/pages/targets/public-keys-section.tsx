import { useMutation, useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import type { PublicKey } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import { useState, type SubmitEvent } from "react";
import { problemFrom } from "../../api/problem.ts";
import { Badge } from "../../components/badge.tsx";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { TextArea } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { Loading } from "../../components/loading.tsx";
import { Section } from "../../components/page.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";

/** The keys that payloads can be encrypted to. */
export function PublicKeysSection({ targetId }: { readonly targetId: string }) {
  const toast = useToast();
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<PublicKey>();
  const { data, error, refetch } = useQuery(ActionService.method.listPublicKeys, { targetId });
  const activation = useMutation(ActionService.method.activatePublicKey, {
    onSuccess: () => toast({ text: "Payloads are encrypted to this key, when the target's payload is JWE." }),
  });
  const deactivation = useMutation(ActionService.method.deactivatePublicKey);
  const removal = useMutation(ActionService.method.removePublicKey, { onSuccess: () => setRemoving(undefined) });
  const failure = activation.error ?? deactivation.error;
  const columns: readonly Column<PublicKey>[] = [
    { heading: "Key", cell: ({ keyId }) => <code>{keyId}</code> },
    {
      heading: "State",
      cell: ({ active }) => <Badge tone={active ? "good" : "plain"}>{active ? "Active" : "Not active"}</Badge>,
    },
    { heading: "Fingerprint", cell: ({ fingerprint }) => <code>{fingerprint}</code> },
    { heading: "Used until", cell: ({ expirationDate }) => <When at={expirationDate} none="it is removed" /> },
    {
      heading: "Change",
      cell: (key) => {
        const ids = { targetId, keyId: key.keyId };
        return key.active ? (
          <button type="button" className="button small" onClick={() => deactivation.mutate(ids)}>
            Deactivate
          </button>
        ) : (
          <span className="actions">
            <button type="button" className="button small" onClick={() => activation.mutate(ids)}>
              Activate
            </button>
            <button type="button" className="button small danger" onClick={() => setRemoving(key)}>
              Remove
            </button>
          </span>
        );
      },
    },
  ];
  return (
    <Section
      title="Public keys"
      lead="For the payload JWE: what the target is sent is encrypted to the active one."
      actions={
        <button type="button" className="button" onClick={() => setAdding(true)}>
          Add a key
        </button>
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {failure && <ErrorNotice error={failure} />}
      {!data && !error && <Loading what="the keys" />}
      {data?.publicKeys.length === 0 && <p className="hint">There is none.</p>}
      {data && data.publicKeys.length > 0 && (
        <Table caption="Public keys" columns={columns} rows={data.publicKeys} keyOf={({ keyId }) => keyId} />
      )}
      {isAdding && <AddDialog targetId={targetId} onClose={() => setAdding(false)} />}
      {removing && (
        <ConfirmDialog
          title="Remove the public key?"
          action="Remove the key"
          isBusy={removal.isPending}
          error={removal.error}
          onConfirm={() => removal.mutate({ targetId, keyId: removing.keyId })}
          onClose={() => setRemoving(undefined)}
        >
          <p>
            <code>{removing.fingerprint}</code> can no longer be made active. To have it again, it is added again.
          </p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

function AddDialog({ targetId, onClose }: { readonly targetId: string; readonly onClose: () => void }) {
  const addition = useMutation(ActionService.method.addPublicKey, { onSuccess: onClose });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const pem = readForm(event).text("publicKey");
    addition.mutate({ targetId, publicKey: new TextEncoder().encode(pem) });
  };
  return (
    <Dialog title="Add a public key" onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {addition.error && <ErrorNotice error={addition.error} />}
        <TextArea
          label="Public key"
          name="publicKey"
          required
          rows={8}
          maxLength={10_000}
          placeholder="-----BEGIN PUBLIC KEY-----"
          violation={addition.error ? problemFrom(addition.error).violations.get("public_key") : undefined}
          hint="RSA or EC, in PEM. It is used once it is activated."
          spellCheck={false}
        />
        <div className="dialog-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={addition.isPending}>
            Add the key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
