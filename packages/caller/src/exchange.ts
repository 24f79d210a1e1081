import { DeadlinePassed, type CallFailure, type PayloadType } from "@interpose/engine";
import type { AccessTokens } from "./authorization/access-tokens.ts";
import type { ConnectionPools } from "./connection-pools.ts";
import type { TargetCredentials } from "./credentials.ts";
import { classifyError, Failed } from "./failure.ts";
import { millisecondsBetween } from "./milliseconds.ts";
import type { TargetCallerOptions } from "./options.ts";
import { seal } from "./payload/seal.ts";
import { Post } from "./post.ts";
import { whereItRedirects } from "./redirects.ts";
import { headersOf, withoutSecrets } from "./request-headers.ts";
import { beginTimeLimit, type TimeLimit } from "./time-limit.ts";

/** What is posted to an endpoint. */
export interface ExchangeRequest {
  /** Whose credentials it is made with. */
  readonly targetId: string;
  /** Unique to what is told by it, and sent as `webhook-id`. */
  readonly id: string;
  /** Absolute URL. User name and password in it go to the endpoint itself, and not to where it redirects. */
  readonly endpoint: string;
  /** Longest time of the whole exchange. */
  readonly timeoutMs: number;
  /** As JSON, whatever the type makes of it. */
  readonly payload: Uint8Array;
  readonly payloadType?: PayloadType | undefined;
  /** Headers beside those that every request has, names in small letters. They also go to where it redirects. */
  readonly headers: Readonly<Record<string, string>>;
  /** The target's own list of what may be called, for where it redirects too. */
  readonly egressAllow?: readonly string[] | undefined;
  /** So much from the beginning of the reply's body is kept, whatever the status. */
  readonly keepBytes: number;
}

/** What all exchanges share. */
export interface ExchangeParts {
  readonly pools: ConnectionPools;
  readonly tokens: AccessTokens;
  readonly options: TargetCallerOptions;
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
  { pools, tokens, options }: ExchangeParts,
): Promise<EndedExchange> {
  const began = performance.now();
  const { egressAllow } = request;
  const pool = pools.enter(egressAllow);
  const limit = beginTimeLimit(signal, request.timeoutMs);
  let last: Post | undefined;
  const ended = (outcome: ExchangeOutcome): EndedExchange => ({
    outcome,
    last,
    began,
    durationMs: millisecondsBetween(began, performance.now()),
  });
  try {
    let url = urlOf(request.endpoint);
    const { id, payload, payloadType = "json", headers: own } = request;
    checkSize(payload, options);
    const credentials = credentialsOf(request, options);
    const body = payloadType === "json" ? payload : await sealed(payload, payloadType, credentials, options);
    const oauth = credentials?.oauth;
    const accessToken = oauth && (await Promise.race([tokens.of(oauth, egressAllow), limit.over()]));
    const timestamp = Math.floor(options.now() / 1_000);
    const { userAgent } = options;
    let headers = headersOf({ url, id, timestamp, body, own, userAgent, credentials, accessToken });
    let isOwn = true;
    const bounds = { maxReplyBytes: options.maxReplyBytes, keepBytes: request.keepBytes };
    for (let redirects = 0; ; redirects++) {
      last = new Post(url, headers, bounds);
      const agent = pool.connections.of(isOwn ? credentials?.clientCertificate : undefined);
      await last.send(body, agent, limit);
      const { success } = last;
      if (success) return ended({ kind: "replied", ...success });
      if (oauth && accessToken !== undefined && isOwn && last.status === 401)
        tokens.drop(oauth, egressAllow, accessToken);
      url = whereItRedirects(last, redirects, options.maxRedirects);
      if (url.origin === last.url.origin) continue;
      // Also on the way back to the endpoint's origin: who wrote where that leads is somebody else.
      isOwn = false;
      headers = withoutSecrets(headers);
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

function urlOf(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new Failed("connect", "the endpoint is not an http or https URL");
}

function checkSize({ byteLength }: Uint8Array, { maxPayloadBytes }: TargetCallerOptions): void {
  if (byteLength > maxPayloadBytes)
    throw new Failed("payload_too_large", `${byteLength} bytes of at most ${maxPayloadBytes}`);
}

/** What its owner says of why there are none is not repeated: it may say what they are. */
function credentialsOf(
  { targetId, endpoint }: ExchangeRequest,
  options: TargetCallerOptions,
): TargetCredentials | undefined {
  try {
    return options.credentialsOf(targetId, endpoint);
  } catch {
    throw new Failed("unsealable", "what calls of the target are made with cannot be read");
  }
}

async function sealed(
  payload: Uint8Array,
  type: Exclude<PayloadType, "json">,
  credentials: TargetCredentials | undefined,
  options: TargetCallerOptions,
): Promise<Uint8Array> {
  const keys = { signer: options.tokenSigner(), encryptionKey: credentials?.encryptionKey };
  const body = await seal(payload, type, keys);
  checkSize(body, options);
  return body;
}
