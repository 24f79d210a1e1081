import { DeadlinePassed, type CallFailure } from "@interpose/engine";
import type { ConnectionPools } from "./connection-pools.ts";
import { classifyError, Failed } from "./failure.ts";
import { SECRET_HEADERS } from "./headers.ts";
import { millisecondsBetween } from "./milliseconds.ts";
import type { TargetCallerOptions } from "./options.ts";
import { Post } from "./post.ts";
import { beginTimeLimit, type TimeLimit } from "./time-limit.ts";

/** What is posted to an endpoint. */
export interface ExchangeRequest {
  /** Absolute URL. User name and password in it go to the endpoint itself, and not to where it redirects. */
  readonly endpoint: string;
  /** Longest time of the whole exchange. */
  readonly timeoutMs: number;
  readonly payload: Uint8Array;
  /** Headers beside those that every request has, names in small letters. All but secret ones also go to where it redirects. */
  readonly headers: Readonly<Record<string, string>>;
  /** The target's own list of what may be called, for where it redirects too. */
  readonly egressAllow?: readonly string[] | undefined;
  /** So much from the beginning of the reply's body is kept, whatever the status. */
  readonly keepBytes: number;
}

/** How an exchange ended. */
export type ExchangeOutcome =
  | { readonly kind: "replied"; readonly status: number; readonly body: string }
  | {
      readonly kind: "failed";
      readonly failure: CallFailure;
      readonly detail: string;
      /** The status that made it fail, where it was one. */
      readonly status?: number | undefined;
    };

/** An exchange at its end. */
export interface EndedExchange {
  readonly outcome: ExchangeOutcome;
  /** The last request, if it came to one. */
  readonly last: Post | undefined;
  /** `performance.now()` at its beginning. */
  readonly began: number;
  readonly durationMs: number;
}

/** One exchange with an endpoint, redirects included. Never throws: whatever goes wrong is a kind of failure. */
export async function exchange(
  request: ExchangeRequest,
  signal: AbortSignal,
  pools: ConnectionPools,
  options: TargetCallerOptions,
): Promise<EndedExchange> {
  const began = performance.now();
  const pool = pools.enter(request.egressAllow);
  const limit = beginTimeLimit(signal, request.timeoutMs);
  let last: Post | undefined;
  const ended = (outcome: ExchangeOutcome): EndedExchange => ({
    outcome,
    last,
    began,
    durationMs: millisecondsBetween(began, performance.now()),
  });
  try {
    const { payload } = request;
    if (payload.byteLength > options.maxPayloadBytes) {
      throw new Failed("payload_too_large", `${payload.byteLength} bytes of at most ${options.maxPayloadBytes}`);
    }
    let url = urlOf(request.endpoint);
    const first = url.origin;
    const headers = headersOf(request, url, options);
    const bounds = { maxReplyBytes: options.maxReplyBytes, keepBytes: request.keepBytes };
    for (let redirects = 0; ; redirects++) {
      last = new Post(url, url.origin === first ? headers : withoutSecrets(headers), bounds);
      await last.send(payload, pool.agent, limit.signal);
      const { success } = last;
      if (success) return ended({ kind: "replied", ...success });
      url = whereItRedirects(last, redirects, options.maxRedirects);
    }
  } catch (error) {
    return ended({ kind: "failed", ...failureOf(error, limit, signal, request.timeoutMs) });
  } finally {
    pool.leave();
    limit.clear();
  }
}

function failureOf(
  error: unknown,
  limit: TimeLimit,
  signal: AbortSignal,
  timeoutMs: number,
): Omit<ExchangeOutcome & { kind: "failed" }, "kind"> {
  if (error instanceof Failed) return { failure: error.failure, detail: error.message, status: error.status };
  if (limit.timedOut()) return { failure: "timeout", detail: `not done within ${timeoutMs} ms` };
  if (!signal.aborted) return classifyError(error);
  const reason = signal.reason as unknown;
  return reason instanceof DeadlinePassed
    ? { failure: "deadline", detail: reason.message }
    : { failure: "cancelled", detail: "the caller went away" };
}

type Headers = ExchangeRequest["headers"];

function headersOf({ headers }: ExchangeRequest, url: URL, options: TargetCallerOptions): Headers {
  const authorization = basicAuthorization(url);
  return {
    ...headers,
    "content-type": "application/json",
    "accept-encoding": "identity",
    "user-agent": options.userAgent,
    ...(authorization !== undefined && { authorization }),
  };
}

function withoutSecrets(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name.toLowerCase())));
}

function urlOf(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new Failed("connect", "the endpoint is not an http or https URL");
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

/** Where a reply other than 2xx sends its request. Throws for one that doesn't, or not to where it is followed. */
function whereItRedirects(post: Post, redirects: number, maxRedirects: number): URL {
  const { url: from, status } = post;
  if (status === undefined || status < 300 || status > 399) throw new Failed("status", `answered ${status}`, status);
  if (status !== 307 && status !== 308)
    throw new Failed("redirect", `answered ${status}, which is not followed`, status);
  if (redirects >= maxRedirects) throw new Failed("redirect", `redirected more than ${maxRedirects} times`, status);
  const text = post.replyHeader("location");
  if (text === undefined || !URL.canParse(text, from.href))
    throw new Failed("redirect", `answered ${status} without a location to go to`, status);
  const to = new URL(text, from);
  if (to.protocol !== "http:" && to.protocol !== "https:")
    throw new Failed("redirect", `redirected to the scheme "${to.protocol}"`, status);
  if (from.protocol === "https:" && to.protocol === "http:")
    throw new Failed("redirect", "redirected from https to http", status);
  return to;
}
