import { beginSession } from "./session.ts";

/** What the server says of signing in, at /console-config.json. */
export interface SignInConfig {
  readonly oidc?: OidcConfig;
}

/** The console as a public client of an OpenID provider. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** What access tokens are asked for, at providers that want to know (RFC 8707). */
  readonly resource?: string;
}

/** What is kept in the tab while somebody is at the provider. */
interface Pending {
  readonly state: string;
  readonly verifier: string;
  readonly returnTo: string;
  readonly tokenEndpoint: string;
  readonly oidc: OidcConfig;
}

/** Where the provider leads back to. Clients are registered with it. */
export const REDIRECT_PATH = "/console/signed-in";
/** Name of what is kept, in the tab's storage. */
const KEY = "interpose.signing-in";

/** What signing in there is. */
export async function loadSignInConfig(): Promise<SignInConfig> {
  const response = await fetch("/console-config.json");
  if (!response.ok) throw new Error(`The server answers ${response.status} at /console-config.json. Reload the page.`);
  return (await response.json()) as SignInConfig;
}

/** Leaves for the provider: authorization code with PKCE (RFC 7636). Comes back to the address of now. */
export async function leaveForProvider(oidc: OidcConfig): Promise<void> {
  // Browsers give this to pages of https and of this machine alone. Their type says that it is always there.
  if (!isSecureContext)
    throw new Error("Signing in by a provider needs https. Serve the console over TLS, or sign in by a token.");
  const { authorizationEndpoint, tokenEndpoint } = await discover(oidc.issuer);
  const pending: Pending = {
    state: randomText(),
    verifier: randomText(),
    returnTo: location.pathname + location.search,
    tokenEndpoint,
    oidc,
  };
  sessionStorage.setItem(KEY, JSON.stringify(pending));
  const url = new URL(authorizationEndpoint);
  const parameters = {
    response_type: "code",
    client_id: oidc.clientId,
    redirect_uri: location.origin + REDIRECT_PATH,
    scope: oidc.scopes.join(" "),
    state: pending.state,
    code_challenge: base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(pending.verifier)))),
    code_challenge_method: "S256",
    ...(oidc.resource !== undefined && { resource: oidc.resource }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

/** Whether the address is one that the provider led back to. */
export function isBackFromProvider(): boolean {
  return location.pathname === REDIRECT_PATH;
}

/** Takes the code for a token and begins the session. Throws, in words for people, what went wrong. */
export async function comeBack(): Promise<void> {
  const answer = new URLSearchParams(location.search);
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  history.replaceState(null, "", "/console/");
  if (text === null) throw new Error("This tab did not ask for it. Sign in again.");
  const pending = JSON.parse(text) as Pending;
  history.replaceState(null, "", pending.returnTo);
  if (answer.get("state") !== pending.state)
    throw new Error("The provider's answer is to another question. Sign in again.");
  const refusal = answer.get("error");
  if (refusal !== null) throw new Error(`The provider says: ${answer.get("error_description") ?? refusal}.`);
  const response = await fetch(pending.tokenEndpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: answer.get("code") ?? "",
      client_id: pending.oidc.clientId,
      redirect_uri: location.origin + REDIRECT_PATH,
      code_verifier: pending.verifier,
      ...(pending.oidc.resource !== undefined && { resource: pending.oidc.resource }),
    }),
  });
  const tokens = (await response.json()) as Readonly<Record<string, unknown>>;
  if (!response.ok || typeof tokens.access_token !== "string")
    throw new Error(`The provider gave no access token: ${textOf(tokens.error_description ?? tokens.error)}.`);
  beginSession({ token: tokens.access_token, by: "oidc" }, { remember: false });
}

/** Reads where the provider's endpoints are (OpenID Connect Discovery 1.0, section 4). */
async function discover(
  issuer: string,
): Promise<{ readonly authorizationEndpoint: string; readonly tokenEndpoint: string }> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok)
    throw new Error(`The provider does not answer at ${url}, or does not let this page read it (CORS).`);
  const { authorization_endpoint: authorization, token_endpoint: token } = (await response.json()) as Readonly<
    Record<string, unknown>
  >;
  if (typeof authorization !== "string" || typeof token !== "string")
    throw new Error(`What the provider answers at ${url} names no endpoints.`);
  return { authorizationEndpoint: authorization, tokenEndpoint: token };
}

function randomText(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64Url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "it does not say why";
}
