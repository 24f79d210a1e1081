import {
  DeadlinePassed,
  type CallFailure,
  type Exchange,
  type TargetCaller,
  type TargetRequest,
} from "@interpose/engine";
import { Agent, type Dispatcher } from "undici";
import { createCheckedConnector } from "./connect.ts";
import { createEgressRules } from "./egress/rules.ts";
import { classifyError } from "./failure.ts";
import { RUN_HEADER } from "./headers.ts";
import { validateTargetCallerOptions, type TargetCallerOptions } from "./options.ts";
import { beginTimeLimit } from "./time-limit.ts";
import { childTraceparent } from "./traceparent.ts";

/** A target caller with a lifetime. */
export interface HttpTargetCaller extends TargetCaller {
  /** Waits for the calls in the background, at most `timeoutMs`, then ends those that are left. */
  drain(timeoutMs: number): Promise<void>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** Calls targets by HTTP/1.1, on connections that are kept, within the limits and egress rules of the options. */
export function createTargetCaller(options: Partial<TargetCallerOptions> = {}): HttpTargetCaller {
  const complete = validateTargetCallerOptions(options);
  const rules = createEgressRules(complete.egressAllow);
  const agent = new Agent({
    connect: createCheckedConnector({ rules, resolve: complete.resolve, ca: complete.ca }),
    connections: complete.maxConnectionsPerOrigin,
    // The one limit of time is the target's own, on the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: -1,
    pipelining: 1,
  });
  const background = new Set<Promise<void>>();
  const backgroundEnd = new AbortController();

  const call = (request: TargetRequest, signal: AbortSignal): Promise<Exchange> =>
    exchange(request, signal, agent, complete);
  return {
    call,

    callInBackground(request) {
      const { target } = request;
      if (background.size >= complete.maxBackgroundCalls) {
        const detail = `${background.size} calls are waiting in the background already`;
        complete.onBackgroundCall(target.id, { kind: "failed", failure: "connect", detail, durationMs: 0 });
        return;
      }
      const done: Promise<void> = call(request, backgroundEnd.signal).then((ended) => {
        background.delete(done);
        complete.onBackgroundCall(target.id, ended);
      });
      background.add(done);
    },

    async drain(timeoutMs) {
      const timer = setTimeout(() => backgroundEnd.abort(), timeoutMs);
      await Promise.all(background);
      clearTimeout(timer);
    },

    close: () => agent.destroy(),
  };
}

/** One exchange with a target, redirects included. Never throws: whatever goes wrong is a kind of failure. */
async function exchange(
  request: TargetRequest,
  signal: AbortSignal,
  agent: Dispatcher,
  options: TargetCallerOptions,
): Promise<Exchange> {
  const started = performance.now();
  const durationMs = (): number => Math.round((performance.now() - started) * 1000) / 1000;
  const failed = (failure: CallFailure, detail: string, status?: number): Exchange => ({
    kind: "failed",
    failure,
    detail,
    status,
    durationMs: durationMs(),
  });
  const limit = beginTimeLimit(signal, request.target.timeoutMs);
  try {
    const payload = Buffer.from(JSON.stringify(request.payload));
    if (payload.byteLength > options.maxPayloadBytes) {
      throw new Failed("payload_too_large", `${payload.byteLength} bytes of at most ${options.maxPayloadBytes}`);
    }
    // While it waits for a connection, undici does not look at the signal: the limit is waited for beside it.
    const { status, body } = await Promise.race([post(request, payload, limit.signal, agent, options), limit.over]);
    return { kind: "replied", status, body, durationMs: durationMs() };
  } catch (error) {
    if (error instanceof Failed) return failed(error.failure, error.message, error.status);
    if (limit.timedOut()) return failed("timeout", `not done within ${request.target.timeoutMs} ms`);
    if (signal.aborted) return failed(...failureOfEnd(signal.reason));
    const { failure, detail } = classifyError(error);
    return failed(failure, detail);
  } finally {
    limit.clear();
  }
}

/** What ended an exchange from outside. */
function failureOfEnd(reason: unknown): [CallFailure, string] {
  return reason instanceof DeadlinePassed ? ["deadline", reason.message] : ["cancelled", "the caller went away"];
}

/** A failure that is known as such where it happens. */
class Failed extends Error {
  readonly failure: CallFailure;
  readonly status: number | undefined;
  constructor(failure: CallFailure, detail: string, status?: number) {
    super(detail);
    this.failure = failure;
    this.status = status;
  }
}

async function post(
  { target, traceparent, chain }: TargetRequest,
  payload: Buffer,
  signal: AbortSignal,
  agent: Dispatcher,
  options: TargetCallerOptions,
): Promise<{ status: number; body: string }> {
  let url = urlOf(target.endpoint);
  // User name and password of the endpoint's URL go to the endpoint itself, and not to where it redirects.
  const authorization = basicAuthorization(url);
  const first = url.origin;
  for (let redirects = 0; ; redirects++) {
    const response = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": options.userAgent,
        ...(traceparent !== undefined && { traceparent: childTraceparent(traceparent) }),
        // Also to where it redirects: a circle may lead through there.
        ...(chain !== undefined && { [RUN_HEADER]: chain }),
        ...(authorization !== undefined && url.origin === first && { authorization }),
      },
      body: payload,
      signal,
    });
    const status = response.statusCode;
    if (status >= 200 && status < 300) return { status, body: await readBody(response, options.maxReplyBytes) };
    // The body of anything else means nothing. Reading a little keeps the connection; a long one costs it.
    await response.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
    if (status < 300 || status > 399) throw new Failed("status", `answered ${status}`, status);
    if (status !== 307 && status !== 308)
      throw new Failed("redirect", `answered ${status}, which is not followed`, status);
    if (redirects >= options.maxRedirects)
      throw new Failed("redirect", `redirected more than ${options.maxRedirects} times`, status);
    url = redirectUrl(response.headers.location, url, status);
  }
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

function redirectUrl(location: string | string[] | undefined, from: URL, status: number): URL {
  const text = Array.isArray(location) ? location[0] : location;
  if (text === undefined || !URL.canParse(text, from.href))
    throw new Failed("redirect", `answered ${status} without a location to go to`, status);
  const to = new URL(text, from);
  if (to.protocol !== "http:" && to.protocol !== "https:")
    throw new Failed("redirect", `redirected to the scheme "${to.protocol}"`, status);
  if (from.protocol === "https:" && to.protocol === "http:")
    throw new Failed("redirect", "redirected from https to http", status);
  return to;
}

async function readBody({ headers, body, statusCode }: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const tooLarge = (): Failed =>
    new Failed("reply_too_large", `the reply is larger than ${maxBytes} bytes`, statusCode);
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    // Destroyed before its end, it tells of an error that nobody waits for.
    body.on("error", () => undefined).destroy();
    throw new Failed("exchange", `the reply is encoded as ${String(encoding)}, which was not asked for`, statusCode);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    // Leaving the loop destroys the body, and the connection with it: the rest is not read.
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString("utf8");
}
