import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Line, TracedDispatch } from "./connections.ts";
import { Failed } from "./failure.ts";
import { allOf, type RequestHeaders } from "./request-headers.ts";
import type { TimeLimit } from "./time-limit.ts";

/** How much of a reply is read. */
export interface ReplyBounds {
  /** Longest body of a 2xx reply. */
  readonly maxReplyBytes: number;
  /** So much from the beginning of any reply's body is kept. */
  readonly keepBytes: number;
}

/** The body of a reply other than 2xx means nothing. Reading a little keeps the connection; a long one costs it. */
const MOST_DISCARDED_BYTES = 64 * 1024;

/**
 * One POST over one connection, and what is known of it so far; that stays also when it breaks off. A handler of undici's own calls, rather than
 * `request()` with its stream: the chunks of a reply are all that is wanted, and nothing is made that they don't need.
 *
 * waiting (for a connection) -> sent -> replying -> ended; it can end at any time, and what comes after that counts no more.
 */
export class Post implements Dispatcher.DispatchHandler {
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly #bounds: ReplyBounds;
  /** Set by the connections. */
  line: Line | undefined;
  /** Whether it was sent, or began to be. */
  sent = false;
  /** Where it was sent to. */
  address: string | undefined;
  /** How long its connection took to make; undefined for one that was there already. */
  connectMs: number | undefined;
  status: number | undefined;
  /** `performance.now()` when the head of the reply was there. */
  firstByteAt: number | undefined;
  /** How much of the reply's body was read. */
  replyBytes = 0;
  #replyHeaders: IncomingHttpHeaders | undefined;
  readonly #chunks: Buffer[] = [];
  /** A body is read until it is longer than this. */
  #mostRead = 0;
  /** Chunks are kept until they are as long as this. */
  #mostKept = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(url: URL, headers: RequestHeaders, bounds: ReplyBounds) {
    this.url = url;
    this.headers = headers;
    this.#bounds = bounds;
  }

  /** Sends it. Resolves at the end of the reply, or when enough of one that means nothing was read; rejects for what broke it off, and for the limit's reason when that ends. */
  send(payload: Uint8Array, agent: Dispatcher, limit: Pick<TimeLimit, "onEnd">): Promise<void> {
    const options: TracedDispatch = {
      origin: this.url.origin,
      path: `${this.url.pathname}${this.url.search}`,
      method: "POST",
      headers: allOf(this.headers),
      body: payload,
      traced: this,
    };
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      // undici cannot be told before it has a connection for this; that is not waited for.
      limit.onEnd((reason) => this.#leave(reason as Error));
      if (!this.#ended) agent.dispatch(options, this);
    });
  }

  /** A 2xx reply with its whole body, once it is there. */
  get success(): { readonly status: number; readonly body: string } | undefined {
    if (this.status === undefined || !isSuccess(this.status)) return undefined;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    return { status: this.status, body: bytes?.toString("utf8") ?? "" };
  }

  /** A header of the reply; of one that comes more than once, the first. */
  replyHeader(name: string): string | undefined {
    const value = this.#replyHeaders?.[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** What is kept of the reply's body; undefined without a reply. */
  get kept(): Uint8Array | undefined {
    if (this.status === undefined) return undefined;
    const length = Math.min(this.replyBytes, this.#bounds.keepBytes);
    const [first] = this.#chunks;
    return first !== undefined && first.byteLength >= length
      ? first.subarray(0, length)
      : Buffer.concat(this.#chunks, length);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const connection = this.line?.connection;
    // Also one that ended meanwhile takes a new connection's place as the first: the next one finds it made.
    const isNew = connection !== undefined && connection.requests++ === 0;
    // What is thrown here ends the request alone; `abort()` would take the connection along.
    if (this.#ended) throw new Error("it ended before there was a connection for it");
    this.#controller = controller;
    this.sent = true;
    this.address = connection?.address;
    if (isNew) this.connectMs = connection.connectMs;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.firstByteAt = performance.now();
    this.status = status;
    this.#replyHeaders = headers;
    const { maxReplyBytes, keepBytes } = this.#bounds;
    if (isSuccess(status)) {
      this.#mostRead = this.#mostKept = maxReplyBytes;
      const encoding = headers["content-encoding"];
      if (encoding === undefined || encoding === "identity") return;
      this.#leave(new Failed("exchange", `the reply is encoded as ${encoding}, which was not asked for`, status));
      return;
    }
    const isLong = Number(headers["content-length"]) > MOST_DISCARDED_BYTES;
    this.#mostRead = isLong ? keepBytes : MOST_DISCARDED_BYTES;
    this.#mostKept = keepBytes;
    if (this.#mostRead === 0) this.#leave();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.replyBytes < this.#mostKept) this.#chunks.push(chunk);
    this.replyBytes += chunk.byteLength;
    if (this.replyBytes <= this.#mostRead) return;
    const { maxReplyBytes } = this.#bounds;
    this.#leave(
      this.status !== undefined && isSuccess(this.status)
        ? new Failed("reply_too_large", `the reply is larger than ${maxReplyBytes} bytes`, this.status)
        : undefined,
    );
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    // The status of a reply other than 2xx says all, whatever becomes of the body.
    this.#end(this.status === undefined || isSuccess(this.status) ? error : undefined);
  }

  /** Ends it, and its connection with it. */
  #leave(error?: Error): void {
    this.#end(error);
    this.#controller?.abort(error ?? new Error("the rest of the reply is not read"));
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
