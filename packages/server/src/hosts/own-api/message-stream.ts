import type { Message } from "@bufbuild/protobuf";
import type { InterposeError } from "@interpose/engine";
import { createInterruption } from "../interruption.ts";

/** The messages of a call's response, in order. The next one is made when it is asked for. */
export interface MessageStream extends AsyncIterableIterator<Message> {
  /** Ends the stream: whoever reads it wants no more. */
  return(): Promise<IteratorResult<Message>>;
  /** Ends the stream with an error: whoever reads it can go on no longer. */
  fail(error: unknown): void;
  /** How it ended, once it has. Never rejects. */
  readonly ended: Promise<StreamEnd>;
}

/** How a stream ended. */
export interface StreamEnd {
  /** How many messages have been asked for, and given. */
  readonly messages: number;
  /** What it ended with instead of behind its last message. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Something that ends a stream before its handler does. */
export interface StreamEnder {
  readonly signal: AbortSignal;
  /** What the stream ends with, once the signal is aborted. */
  readonly error: () => InterposeError;
}

/** What a stream is made of. */
export interface MessageStreamParts {
  /** Begins it. `signal`: aborted when the stream is over, whatever ended it. */
  readonly begin: (signal: AbortSignal) => AsyncIterable<Message>;
  /** What each message goes through before it is given. What this throws ends the stream. */
  readonly pass: (message: Message, signal: AbortSignal) => Promise<Message>;
  /** What an error of the handler goes through. It may throw another one in its place. */
  readonly failed: (error: unknown, signal: AbortSignal) => Promise<void>;
  readonly enders: readonly StreamEnder[];
}

/**
 * A stream of what a handler answers. States: *open*; *over*, from the last message, the first error, the first ender or its reader's `return()` on. When it is over the handler is told at
 * once, by its signal and by `return()` of its iterator, also while nobody asks for more; an error stays until it is asked for, and is thrown once. With an ender that is aborted already, it
 * is over before it begins. Throws what the handler throws instead of beginning.
 */
export function createMessageStream({ begin, pass, failed, enders }: MessageStreamParts): MessageStream {
  const over = new AbortController();
  const { interrupt, orInterrupted } = createInterruption<Error>();
  const ended = Promise.withResolvers<StreamEnd>();
  let messages = 0;
  let end: StreamEnd | undefined;
  let isTold = false;

  const late = enders.find(({ signal }) => signal.aborted);
  const iterator = late ? undefined : begin(over.signal)[Symbol.asyncIterator]();
  const listeners = enders.map(({ signal, error }) => {
    const listener = (): void => finish({ error: error() });
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
  });
  if (late) finish({ error: late.error() });

  function finish(failure: StreamEnd["failure"]): void {
    if (end) return;
    end = { messages, failure };
    for (const remove of listeners) remove();
    const reason = failure?.error instanceof Error ? failure.error : new Error("the stream is over");
    over.abort(reason);
    interrupt(reason);
    // Not waited for: a handler that waits for something else comes to its end in its own time.
    new Promise((resolve) => resolve(iterator?.return?.())).catch(() => undefined);
    ended.resolve(end);
  }

  async function answered(): Promise<IteratorResult<Message> | undefined> {
    try {
      return await iterator?.next();
    } catch (error) {
      // What a handler throws once it has been told of the end is no error of its own.
      if (!end) await failed(error, over.signal);
      throw error;
    }
  }

  async function nextMessage(): Promise<Message | undefined> {
    const next = await orInterrupted(answered());
    return next?.done === false ? orInterrupted(pass(next.value, over.signal)) : undefined;
  }

  return {
    ended: ended.promise,
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!end) {
        try {
          const value = await nextMessage();
          if (value) {
            messages++;
            return { done: false, value };
          }
          finish(undefined);
        } catch (error) {
          finish({ error });
        }
      }
      const failure = isTold ? undefined : end?.failure;
      isTold = true;
      if (failure) throw failure.error;
      return { done: true, value: undefined };
    },
    return() {
      finish(undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
    fail: (error) => finish({ error }),
  };
}
