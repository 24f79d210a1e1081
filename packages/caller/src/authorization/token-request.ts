import type { Dispatcher } from "undici";
import type { OAuthClient } from "../credentials.ts";
import { classifyError, Failed } from "../failure.ts";
import { Post } from "../post.ts";
import { basicCredentials } from "../request-headers.ts";
import { beginTimeLimit } from "../time-limit.ts";

/** A token as it was granted. */
export interface GrantedToken {
  /** Of characters that a header can have. */
  readonly token: string;
  readonly lifetimeMs: number;
}

/** Who waits has a limit of its own; this one is for the request that all share. */
const TIMEOUT_MS = 10_000;
const MOST_REPLY_BYTES = 64 * 1024;
const LONGEST_TOKEN = 16 * 1024;
/** Of a token that does not say how long it lives, and of one that says it will live for longer than can be planned for. */
const UNSAID_LIFETIME_SECONDS = 60;
const LONGEST_LIFETIME_SECONDS = 24 * 60 * 60;

/** RFC 6749, section 5.2. What else stands there is not repeated: it may quote what was sent. */
const ERRORS = new Set([
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
]);
/** RFC 6750, section 2.1. */
const TOKEN = /^[-._~+/0-9A-Za-z]+=*$/;

/**
 * Asks for an access token by the client's own credentials: RFC 6749, section 4.4, with `client_secret_basic`. No redirect is followed. Rejects with
 * `authorization`, and says without secrets why.
 */
export async function requestToken(
  client: OAuthClient,
  connections: Dispatcher,
  userAgent: string,
): Promise<GrantedToken> {
  const limit = beginTimeLimit(new AbortController().signal, TIMEOUT_MS);
  try {
    const post = new Post(urlOf(client), headersOf(client, userAgent), {
      maxReplyBytes: MOST_REPLY_BYTES,
      keepBytes: MOST_REPLY_BYTES,
    });
    await post.send(Buffer.from(formOf(client)), connections, limit);
    if (post.success === undefined) throw refused(post);
    return granted(post.success.body);
  } catch (error) {
    throw limit.timedOut() ? failed(`did not answer within ${TIMEOUT_MS} ms`) : asFailed(error);
  } finally {
    limit.clear();
  }
}

function urlOf({ tokenUrl }: OAuthClient): URL {
  const url = URL.canParse(tokenUrl) ? new URL(tokenUrl) : undefined;
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw failed("is not an http or https URL");
}

function headersOf({ clientId, clientSecret }: OAuthClient, userAgent: string): Post["headers"] {
  return {
    open: {
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
      "accept-encoding": "identity",
      "user-agent": userAgent,
    },
    secret: { authorization: basicCredentials(formEncoded(clientId), formEncoded(clientSecret)) },
  };
}

function formOf({ scopes, audience }: OAuthClient): string {
  return new URLSearchParams({
    grant_type: "client_credentials",
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    ...(audience !== undefined && { audience }),
  }).toString();
}

/** As RFC 6749, section 2.3.1, has names and secrets before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function granted(body: string): GrantedToken {
  const { access_token: token, token_type: type, expires_in: expiresIn } = objectOf(body);
  if (typeof token !== "string" || token.length > LONGEST_TOKEN || !TOKEN.test(token))
    throw failed("answered no access token that can be sent");
  if (typeof type !== "string" || type.toLowerCase() !== "bearer")
    throw failed("answered an access token of another type than Bearer");
  const seconds = Number(expiresIn ?? UNSAID_LIFETIME_SECONDS);
  if (!(seconds > 0)) throw failed("answered an access token that has expired");
  return { token, lifetimeMs: Math.min(seconds, LONGEST_LIFETIME_SECONDS) * 1_000 };
}

function refused(post: Post): Failed {
  const { error } = objectOf(Buffer.from(post.kept ?? []).toString());
  const known = typeof error === "string" && ERRORS.has(error) ? `: ${error}` : "";
  return failed(`answered ${post.status}${known}`);
}

/** The members of a JSON object; none of what is something else. */
function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object | null) };
  } catch {
    return {};
  }
}

function failed(what: string): Failed {
  return new Failed("authorization", `the token endpoint ${what}`);
}

function asFailed(error: unknown): Failed {
  if (error instanceof Failed && error.failure === "authorization") return error;
  const { failure, detail } = classifyError(error);
  return failed(`could not be asked: ${failure}, ${detail}`);
}
