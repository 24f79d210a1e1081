import { readCall, type Call } from "./call.ts";
import { ReceiverError } from "./error.ts";
import { handlerOf, type Context, type Handlers } from "./handlers.ts";
import { RUN_HEADER, readHeader, type HeadersLike } from "./headers.ts";
import type { Reply } from "./reply.ts";
import { createMemoryStore, type SeenStore } from "./seen.ts";
import type { SignatureFamily } from "./signature.ts";
import { readKeys, type SigningKeys } from "./signing-keys.ts";
import { DEFAULT_TOLERANCE_SECONDS, verify, type Verified } from "./verify.ts";

/** Turns a body that is no plain JSON into the JSON that is in it: `createOpener()` of `@interpose/receiver/tokens` makes one. */
export type Opener = (body: string) => Promise<string>;

/** What a receiver is made of. */
export interface ReceiverOptions {
  /** What is done with calls. */
  readonly on: Handlers;
  /** The target's signing keys; or how they are found, which is asked for each call. */
  readonly keys?: SigningKeys | (() => SigningKeys | Promise<SigningKeys>) | undefined;
  /** Takes calls without looking for a signature. For what is proven otherwise: by the opener, or by mTLS. Default: false. */
  readonly allowUnsigned?: boolean | undefined;
  /** See `verify()`. Default: 300. */
  readonly toleranceSeconds?: number | undefined;
  /** See `verify()`. */
  readonly family?: SignatureFamily | undefined;
  /** For targets whose payload type is JWT or JWE. Default: none, and bodies are JSON. */
  readonly opener?: Opener | undefined;
  /** Remembers which calls were handled. Default: this process does, the last 10,000. `false`: nobody does. */
  readonly seen?: SeenStore | false | undefined;
  /** How long an event that was handled is remembered, in seconds. Longer than its sender may try again. Default: a day. */
  readonly rememberEventsSeconds?: number | undefined;
  /** Longest body, in bytes. Default: 8 MiB, twice of what Interpose sends at most unless it is told otherwise. */
  readonly maxBodyBytes?: number | undefined;
  /** Told of every call that is not handled. Default: those that are a fault of this side are written to the console. */
  readonly onError?: ((error: ReceiverError) => void) | undefined;
  /** The time, in milliseconds since 1970. Default: Date.now. */
  readonly now?: (() => number) | undefined;
}

/** What a call is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or nothing. */
  readonly body: string;
}

/** Answers calls. Adapters put it into a framework. */
export interface Receiver {
  /** Longest body that is read, in bytes. */
  readonly maxBodyBytes: number;
  /** Answers a call, given its body as it came. Never rejects. */
  handle(headers: HeadersLike, body: string | Uint8Array): Promise<Answer>;
  /** The answer to a call that cannot be handled, of which `onError` is told. */
  fail(error: ReceiverError): Answer;
}

/** How long a claim to a call holds, in seconds: longer than any target is waited for. */
const CLAIM_SECONDS = 300;

/** Makes a receiver. Throws `options_invalid` where it could never work. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const {
    on,
    keys,
    allowUnsigned = false,
    toleranceSeconds = DEFAULT_TOLERANCE_SECONDS,
    family,
    opener,
    seen = createMemoryStore(),
    rememberEventsSeconds = 86_400,
    maxBodyBytes = 8 * 1024 * 1024,
    onError = tellConsole,
    now = Date.now,
  } = options;
  checkKeys(keys, allowUnsigned);

  function tell(error: ReceiverError): void {
    try {
      onError(error);
    } catch {
      // The call is answered all the same.
    }
  }

  async function verified(headers: HeadersLike, body: string | Uint8Array): Promise<Verified | undefined> {
    if (keys === undefined) return undefined;
    const current = typeof keys === "function" ? await found(keys) : keys;
    return verify(headers, body, current, { toleranceSeconds, family, now: now() });
  }

  /** Runs a handler once for each id: marks it as done when it succeeded, and lets it come again when not. */
  async function once(id: string, call: Call, run: () => Promise<Answer>): Promise<Answer> {
    if (seen === false) return run();
    const claim = await storeSays(() => seen.claim(id, CLAIM_SECONDS));
    if (claim === "running")
      throw new ReceiverError("call_running", "A call with this id is being handled. Send it again later.");
    if (claim === "done") {
      // Who sends an event again wants to know that it arrived. Of another call, the answer is not there any more.
      if (call.kind === "event") return NOTHING;
      throw new ReceiverError("duplicate_call", "A call with this id was answered before, and is not answered twice.");
    }
    // A store is somebody's own, and may be written without types.
    if ((claim as unknown) !== "claimed")
      throw new ReceiverError("store_unavailable", `The store answered a claim with ${JSON.stringify(claim)}.`);
    let answer: Answer;
    try {
      answer = await run();
    } catch (error) {
      await storeSays(() => seen.release(id)).catch(tell);
      throw error;
    }
    // Other calls than events are not sent again, and the time of their signature refuses what somebody recorded.
    const seconds = call.kind === "event" ? rememberEventsSeconds : 2 * toleranceSeconds;
    // It was handled: that it might be once more is no reason to say otherwise.
    await storeSays(() => seen.done(id, seconds)).catch(tell);
    return answer;
  }

  async function answer(headers: HeadersLike, body: string | Uint8Array): Promise<Answer> {
    if (body.length > maxBodyBytes) throw bodyTooLarge(maxBodyBytes);
    const proven = await verified(headers, body);
    const text = typeof body === "string" ? body : decoded(body);
    const call = readCall(opener ? await opener(text) : text);
    const handler = handlerOf(on, call);
    const context: Context = { verified: proven, run: readHeader(headers, RUN_HEADER, 8192) };
    const run = async () => answerOf(await ranBy(handler, context));
    // Two systems that share a receiver may give the same ids.
    const scope = "instanceID" in call ? (call.instanceID ?? "") : "";
    return proven?.id === undefined ? run() : once(`${scope}/${proven.id}`, call, run);
  }

  const fail = (error: ReceiverError): Answer => {
    tell(error);
    return answerToError(error);
  };
  return {
    maxBodyBytes,
    fail,
    handle: (headers, body) => answer(headers, body).catch((error: unknown) => fail(asReceiverError(error))),
  };
}

/** The error for a body that is longer than the receiver reads. */
export function bodyTooLarge(maxBodyBytes: number): ReceiverError {
  return new ReceiverError("body_too_large", `The body has more than ${maxBodyBytes} bytes.`);
}

function checkKeys(keys: ReceiverOptions["keys"], allowUnsigned: boolean): void {
  if (keys === undefined && !allowUnsigned)
    throw new ReceiverError(
      "options_invalid",
      "There are no keys. Give the target's signing key, or allowUnsigned where calls are proven otherwise.",
    );
  if (keys !== undefined && allowUnsigned)
    throw new ReceiverError("options_invalid", "There are keys, and allowUnsigned, which would not use them.");
  if (keys !== undefined && typeof keys !== "function") readKeys(keys);
}

async function found(keys: () => SigningKeys | Promise<SigningKeys>): Promise<SigningKeys> {
  try {
    return await keys();
  } catch (error) {
    throw new ReceiverError("keys_unavailable", "The signing keys could not be found.", { cause: error });
  }
}

function decoded(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    throw new ReceiverError("payload_invalid", "The body is not UTF-8.", { cause: error });
  }
}

async function ranBy(handler: ReturnType<typeof handlerOf>, context: Context): Promise<Reply> {
  try {
    return (await handler(context)) ?? { kind: "unchanged" };
  } catch (error) {
    if (error instanceof ReceiverError && error.code === "reply_invalid") throw error;
    throw new ReceiverError("handler_failed", "The handler failed.", { cause: error });
  }
}

const NOTHING: Answer = { status: 204, headers: {}, body: "" };

function answerOf(reply: Reply): Answer {
  switch (reply.kind) {
    case "unchanged":
      return NOTHING;
    case "change":
      return json(200, jsonOf(reply.message));
    case "refusal": {
      const { kind: _, ...refusal } = reply;
      return json(200, JSON.stringify(refusal));
    }
    default:
      throw new ReceiverError("reply_invalid", "The handler answered something that is not made with reply.");
  }
}

function jsonOf(message: object): string {
  try {
    return JSON.stringify(message);
  } catch (error) {
    throw new ReceiverError("reply_invalid", "The handler answered what cannot be written as JSON.", { cause: error });
  }
}

function answerToError({ code, message, status }: ReceiverError): Answer {
  const { headers, ...rest } = json(status, JSON.stringify({ error: { code, message } }));
  return { ...rest, headers: status === 405 ? { ...headers, allow: "POST" } : headers };
}

function json(status: number, body: string): Answer {
  return { status, headers: { "content-type": "application/json" }, body };
}

async function storeSays<T>(ask: () => T): Promise<Awaited<T>> {
  try {
    return await ask();
  } catch (error) {
    throw new ReceiverError("store_unavailable", "The store of calls that were seen failed.", { cause: error });
  }
}

function asReceiverError(error: unknown): ReceiverError {
  if (error instanceof ReceiverError) return error;
  return new ReceiverError("handler_failed", "The receiver failed.", { cause: error });
}

function tellConsole(error: ReceiverError): void {
  // eslint-disable-next-line no-console -- Nobody else would be told of what broke on this side.
  if (error.status >= 500) console.error(error);
}
