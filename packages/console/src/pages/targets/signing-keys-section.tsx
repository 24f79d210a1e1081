import { useMutation, useQuery } from "@connectrpc/connect-query";
import { SigningKeyKind, TargetService, type SigningKey } from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { useState, type SubmitEvent } from "react";
import { CodeView } from "../../components/code-view.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { SelectField, TextField } from "../../components/fields.tsx";
import { readForm, type Option } from "../../components/form.ts";
import { Loading } from "../../components/loading.tsx";
import { Section } from "../../components/page.tsx";
import { SecretDialog } from "../../components/secret-dialog.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { parseDuration } from "../../components/time.ts";
import { When } from "../../components/when.tsx";

const KINDS: readonly [Option<SigningKeyKind>, ...Option<SigningKeyKind>[]] = [
  { value: String(SigningKeyKind.HMAC), label: "HMAC: by a key that both sides have", means: SigningKeyKind.HMAC },
  {
    value: String(SigningKeyKind.ED25519),
    label: "Ed25519: the receiver needs the public key alone",
    means: SigningKeyKind.ED25519,
  },
];

const COLUMNS: readonly Column<SigningKey>[] = [
  { heading: "Key", cell: ({ id }) => <code>{id}</code> },
  { heading: "Kind", cell: ({ kind }) => (kind === SigningKeyKind.ED25519 ? "Ed25519" : "HMAC") },
  { heading: "Made", cell: ({ createTime }) => <When at={createTime} /> },
  { heading: "Signs until", cell: ({ expireTime }) => <When at={expireTime} none="it is replaced" /> },
];

/** The keys that sign what a target is sent. */
export function SigningKeysSection({ targetId }: { readonly targetId: string }) {
  const [isRotating, setRotating] = useState(false);
  const { data, error, refetch } = useQuery(TargetService.method.listSigningKeys, { targetId });
  const publicKeys = data?.keys.filter(({ publicKey }) => publicKey !== "") ?? [];
  return (
    <Section
      title="Signing keys"
      lead="By these a target knows that a call is genuine."
      actions={
        <button type="button" className="button" onClick={() => setRotating(true)}>
          Rotate
        </button>
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="the keys" />}
      {data && <Table caption="Signing keys" columns={COLUMNS} rows={data.keys} keyOf={({ id }) => id} />}
      {publicKeys.map(({ id, publicKey }) => (
        <CodeView key={id} text={publicKey} what={`the public key ${id}`} />
      ))}
      {isRotating && <RotateDialog targetId={targetId} onClose={() => setRotating(false)} />}
    </Section>
  );
}

function RotateDialog({ targetId, onClose }: { readonly targetId: string; readonly onClose: () => void }) {
  const [graceFault, setGraceFault] = useState<string>();
  const rotation = useMutation(TargetService.method.rotateSigningKey, {
    // Of Ed25519 nothing is secret, and the list has it.
    onSuccess: ({ secret }) => {
      if (secret === "") onClose();
    },
  });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text, choice } = readForm(event);
    const grace = parseDuration(text("grace"));
    setGraceFault(grace ? undefined : "Give a length of time such as 1d, 2h or 0s.");
    if (grace) rotation.mutate({ targetId, kind: choice("kind", KINDS), grace });
  };
  if (rotation.data && rotation.data.secret !== "")
    return (
      <SecretDialog title="The new signing key" secret={rotation.data.secret} what="the signing key" onClose={onClose}>
        <p>Give it to the target. Until the grace is over, calls are signed by the key before as well.</p>
      </SecretDialog>
    );
  return (
    <Dialog title="Rotate the signing key" onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {rotation.error && <ErrorNotice error={rotation.error} />}
        <SelectField label="Kind" name="kind" options={KINDS} />
        <TextField
          label="Grace"
          name="grace"
          defaultValue="1d"
          required
          violation={graceFault}
          hint="How long the keys before sign on, up to 30d. 0s: they are gone at once, and a target that was not told refuses calls."
          autoComplete="off"
        />
        <div className="dialog-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={rotation.isPending}>
            Make a new key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
