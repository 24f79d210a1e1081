import { createClient } from "@connectrpc/connect";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { useEffect, useState, type SubmitEvent } from "react";
import { isOfExecution } from "../api/bypass.ts";
import { problemFrom } from "../api/problem.ts";
import { transportWithToken } from "../api/transport.ts";
import { CheckField, TextField } from "../components/fields.tsx";
import { readForm } from "../components/form.ts";
import { Logo } from "../shell/logo.tsx";
import { comeBack, isBackFromProvider, leaveForProvider, loadSignInConfig, type OidcConfig } from "./oidc.ts";
import { beginSession, whyNoSession } from "./session.ts";

const GREETINGS = {
  new: undefined,
  "signed out": "You are signed out.",
  refused:
    "The server no longer accepts the token: it was revoked, or its time is over. Sign in to go on where you were.",
} as const;

/** Only one of two mounts may use the provider's answer up: React mounts twice while one develops. */
let comingBack: Promise<void> | undefined;

/** The page of those who are not signed in. */
export function SignIn() {
  const [oidc, setOidc] = useState<OidcConfig>();
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(isBackFromProvider);
  useEffect(() => {
    document.title = "Sign in · Interpose";
    loadSignInConfig().then(
      (config) => setOidc(config.oidc),
      (error: unknown) => setFault(problemText(error)),
    );
    if (!isBackFromProvider() && !comingBack) return;
    comingBack ??= comeBack();
    comingBack
      .catch((error: unknown) => setFault(problemText(error)))
      .finally(() => {
        comingBack = undefined;
        setBusy(false);
      });
  }, []);

  /** Runs one way of signing in, and shows what it fails with. */
  const attempt = (way: () => Promise<void>): void => {
    setBusy(true);
    setFault(undefined);
    way()
      .catch((error: unknown) => setFault(problemText(error)))
      .finally(() => setBusy(false));
  };
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text, isChecked } = readForm(event);
    attempt(() => signInByToken(text("token"), isChecked("remember")));
  };
  const greeting = GREETINGS[whyNoSession()];
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <Logo /> Interpose
        </h1>
        {greeting && fault === undefined && <p role="status">{greeting}</p>}
        {fault !== undefined && (
          <p role="alert" className="sign-in-fault">
            {fault}
          </p>
        )}
        {oidc && (
          <>
            <button
              type="button"
              className="button primary wide"
              disabled={isBusy}
              onClick={() => attempt(() => leaveForProvider(oidc))}
            >
              Sign in with {new URL(oidc.issuer).host}
            </button>
            <p className="sign-in-or">or</p>
          </>
        )}
        <form onSubmit={submit}>
          <TextField
            label="Token"
            name="token"
            type="password"
            required
            autoFocus
            autoComplete="current-password"
            spellCheck={false}
            hint="The first start of the server prints an admin's. More are made on the page Access, or by the command below."
          />
          <CheckField
            label="Remember it in this browser"
            name="remember"
            hint="Otherwise it is forgotten with this tab."
          />
          <button type="submit" className={`button wide${oidc ? "" : " primary"}`} disabled={isBusy}>
            {isBusy ? "Signing in …" : "Sign in"}
          </button>
        </form>
        <p className="hint">
          On the machine that serves: <code>npx interpose tokens create --name me --role admin</code>
        </p>
      </div>
    </main>
  );
}

/** Begins a session by a token, once a call has shown that the server takes it. */
async function signInByToken(token: string, remember: boolean): Promise<void> {
  if (token === "") throw new Error("Give a token.");
  // What follows "Bearer" must be of these (RFC 6750, section 2.1); fetch would throw at others, and not say what they are.
  if (!/^[\w.~+/=-]+$/.test(token))
    throw new Error("That is no token: it has a space or another character that none has.");
  await createClient(ActionService, transportWithToken(token))
    .listExecutionFunctions({})
    .catch((error: unknown) => {
      // The caller is proven before executions run: whom one of them refuses may come in, and mend it.
      if (!isOfExecution(problemFrom(error).reason)) throw error;
    });
  beginSession({ token, by: "token" }, { remember });
}

function problemText(error: unknown): string {
  if (error instanceof Error && error.name === "Error") return error.message;
  const { reason, text } = problemFrom(error);
  return reason === "UNAUTHENTICATED"
    ? "The server does not accept this token: it is mistyped, revoked, or its time is over."
    : text;
}
