import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { Role, TokenService } from "@interpose/protocol/gen/interpose/v1/token_service_pb";
import { useState, type SubmitEvent } from "react";
import { Link, useLocation } from "wouter";
import { problemFrom } from "../../api/problem.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { ChoiceField, TextArea, TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { Page } from "../../components/page.tsx";
import { SecretDialog } from "../../components/secret-dialog.tsx";
import { parseMs } from "../../components/time.ts";
import { ROLES } from "./roles.ts";

/** Makes a token, and shows it once. */
export function TokenForm() {
  const [, navigate] = useLocation();
  const [role, setRole] = useState<Role>(Role.VIEWER);
  const [expiryFault, setExpiryFault] = useState<string>();
  const creation = useMutation(TokenService.method.createToken);
  const violations = creation.error ? problemFrom(creation.error).violations : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text, list } = readForm(event);
    const lifeMs = text("expires") === "" ? undefined : parseMs(text("expires"));
    const isWrong = text("expires") !== "" && !lifeMs;
    setExpiryFault(isWrong ? "Give a length of time such as 30d or 12h, or nothing." : undefined);
    if (isWrong) return;
    creation.mutate({
      name: text("name"),
      role: role,
      permissions: list("permissions"),
      ...(lifeMs !== undefined && { expireTime: timestampFromDate(new Date(Date.now() + lifeMs)) }),
    });
  };
  return (
    <Page title="Create a token" above={[{ label: "Access", href: "/access" }]}>
      <form className="form" onSubmit={submit}>
        {creation.error && <ErrorNotice error={creation.error} />}
        <TextField
          label="Name"
          name="name"
          required
          maxLength={200}
          violation={violations?.get("name")}
          hint="What it is for: who uses it can then be told from the record."
          autoComplete="off"
        />
        <ChoiceField legend="Role" name="role" options={ROLES} value={role} onChoose={setRole} />
        <TextArea
          label="More permissions"
          name="permissions"
          rows={2}
          violation={violations?.get("permissions")}
          placeholder="event.publish, function.invoke"
          hint="Beyond the role, and no more than you have yourself. docs/operating.md lists them."
          spellCheck={false}
        />
        <TextField
          label="Ends after"
          name="expires"
          violation={expiryFault ?? violations?.get("expire_time")}
          placeholder="30d"
          hint="Such as 30d or 12h. Empty: it does not end by itself."
          autoComplete="off"
        />
        <div className="form-end">
          <button type="submit" className="button primary" disabled={creation.isPending}>
            Create the token
          </button>
          <Link href="/access" className="button">
            Cancel
          </Link>
        </div>
      </form>
      {creation.data && (
        <SecretDialog
          title="The token is created"
          secret={creation.data.token}
          what="the token"
          onClose={() => navigate("/access")}
        >
          <p>Callers send it with each call, in the header “Authorization: Bearer …”.</p>
        </SecretDialog>
      )}
    </Page>
  );
}
