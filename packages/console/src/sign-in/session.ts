import { useSyncExternalStore } from "react";
import { setBypassing } from "../api/bypass.ts";
import { queryClient } from "../api/query-client.ts";

/** By what the calls of the console are proven. */
export interface Session {
  /** Sent as "authorization: Bearer TOKEN". */
  readonly token: string;
  /** How it came: typed in, or from the provider of the settings. */
  readonly by: "token" | "oidc";
}

/** Why there is no session: nobody signed in yet, somebody signed out, or the server did not take the token any more. */
export type NoSession = "new" | "signed out" | "refused";

/** Name of the session in the browser's storage. */
const KEY = "interpose.session";
const listeners = new Set<() => void>();
let session = storedSession();
let without: NoSession = "new";

/** The session of now. */
export function currentSession(): Session | undefined {
  return session;
}

/** Why there is none. */
export function whyNoSession(): NoSession {
  return without;
}

/** The session of now, for components. */
export function useSession(): Session | undefined {
  return useSyncExternalStore(subscribe, currentSession);
}

/** Begins a session. It ends with the tab, unless it is to be remembered by this browser. */
export function beginSession(next: Session, { remember }: { readonly remember: boolean }): void {
  forget();
  (remember ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(next));
  become(next);
}

/** Ends the session, and forgets what was read in it. */
export function endSession(why: NoSession): void {
  forget();
  without = why;
  setBypassing(false);
  become(undefined);
  queryClient.clear();
}

function become(next: Session | undefined): void {
  session = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function forget(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

function storedSession(): Session | undefined {
  const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  if (text === null) return undefined;
  try {
    const { token, by } = JSON.parse(text) as Partial<Session>;
    return typeof token === "string" && (by === "token" || by === "oidc") ? { token, by } : undefined;
  } catch {
    return undefined;
  }
}
