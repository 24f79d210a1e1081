import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, type Message } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { createMessageStream, type MessageStream, type MessageStreamParts } from "./message-stream.ts";

const word = (value: string): Message => create(StringValueSchema, { value });
const stopped = (): InterposeError => new InterposeError("server_stopping", "enough");

/** An iterator that a test answers by hand, and what was asked of it. */
function byHand(): {
  readonly begin: MessageStreamParts["begin"];
  readonly asked: PromiseWithResolvers<IteratorResult<Message>>[];
  readonly returns: () => number;
  readonly signal: () => AbortSignal | undefined;
} {
  const asked: PromiseWithResolvers<IteratorResult<Message>>[] = [];
  let returns = 0;
  let given: AbortSignal | undefined;
  const iterator: AsyncIterator<Message> = {
    next() {
      const next = Promise.withResolvers<IteratorResult<Message>>();
      asked.push(next);
      return next.promise;
    },
    return() {
      returns++;
      return Promise.reject(new Error("of no interest to anybody"));
    },
  };
  return {
    asked,
    returns: () => returns,
    signal: () => given,
    begin(signal) {
      given = signal;
      return { [Symbol.asyncIterator]: () => iterator };
    },
  };
}

function streamOf(parts: Partial<MessageStreamParts> & Pick<MessageStreamParts, "begin">): MessageStream {
  const passing = { pass: (message: Message) => Promise.resolve(message), failed: () => Promise.resolve() };
  return createMessageStream({ ...passing, enders: [], ...parts });
}

describe("createMessageStream()", () => {
  it("asks for a message when it is asked for one, and not before", async () => {
    const hand = byHand();
    const stream = streamOf(hand);
    assert.equal(hand.asked.length, 0);
    const next = stream.next();
    hand.asked[0]?.resolve({ done: false, value: word("a") });
    assert.deepEqual(await next, { done: false, value: word("a") });
    assert.equal(hand.asked.length, 1);
  });

  it("ends a handler that does not come back, and tells its reader why, once", async () => {
    const [hand, ender] = [byHand(), new AbortController()];
    const stream = streamOf({ ...hand, enders: [{ signal: ender.signal, error: stopped }] });
    const next = stream.next();
    ender.abort();
    await assert.rejects(next, stopped());
    assert.deepEqual([hand.returns(), hand.signal()?.aborted], [1, true]);
    assert.equal((await stream.next()).done, true);
    const { messages, failure } = await stream.ended;
    assert.deepEqual([messages, failure], [0, { error: stopped() }]);
    // What it was asked for may still come, or fail.
    hand.asked[0]?.reject(new Error("too late"));
  });

  it("ends a handler whose reader asks for nothing, and keeps the error for it", async () => {
    const [hand, ender] = [byHand(), new AbortController()];
    const stream = streamOf({ ...hand, enders: [{ signal: ender.signal, error: stopped }] });
    const first = stream.next();
    hand.asked[0]?.resolve({ done: false, value: word("a") });
    await first;
    ender.abort();
    assert.equal((await stream.ended).messages, 1);
    assert.equal(hand.returns(), 1);
    await assert.rejects(stream.next(), stopped());
  });

  it("is over before it begins where its end has come already", async () => {
    const hand = byHand();
    const stream = streamOf({ ...hand, enders: [{ signal: AbortSignal.abort(), error: stopped }] });
    await assert.rejects(stream.next(), stopped());
    assert.deepEqual([hand.signal(), hand.asked.length], [undefined, 0]);
  });

  it("ends well for a reader who wants no more, also one that is waiting", async () => {
    const hand = byHand();
    const stream = streamOf(hand);
    const next = stream.next();
    assert.deepEqual(await stream.return(), { done: true, value: undefined });
    assert.equal((await next).done, true);
    assert.deepEqual([await stream.ended, hand.returns()], [{ messages: 0, failure: undefined }, 1]);
  });

  it("shows an error of the handler, which may be replaced, but none that its end led to", async () => {
    const shown: unknown[] = [];
    const failed = (error: unknown): Promise<void> => {
      shown.push(error);
      return Promise.reject(new Error("another one"));
    };
    const [hand, other, ender] = [byHand(), byHand(), new AbortController()];
    const replaced = streamOf({ ...hand, failed }).next();
    hand.asked[0]?.reject(new Error("one"));
    await assert.rejects(replaced, /another one/);
    assert.deepEqual(shown, [new Error("one")]);

    const next = streamOf({ ...other, failed, enders: [{ signal: ender.signal, error: stopped }] }).next();
    ender.abort();
    other.asked[0]?.reject(new Error("aborted"));
    await assert.rejects(next, stopped());
    assert.equal(shown.length, 1);
  });

  it("ends what a message goes through when it ends, and the handler when that refuses a message", async () => {
    const [hand, ender] = [byHand(), new AbortController()];
    let seen: AbortSignal | undefined;
    const pass = (_message: Message, signal: AbortSignal): Promise<Message> => {
      seen = signal;
      return new Promise(() => undefined);
    };
    const next = streamOf({ ...hand, pass, enders: [{ signal: ender.signal, error: stopped }] }).next();
    hand.asked[0]?.resolve({ done: false, value: word("a") });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(seen?.aborted, false);
    ender.abort();
    await assert.rejects(next, stopped());
    assert.equal(seen.aborted, true);

    const other = byHand();
    const refused = streamOf({ ...other, pass: () => Promise.reject(new Error("refused")) }).next();
    other.asked[0]?.resolve({ done: false, value: word("a") });
    await assert.rejects(refused, /refused/);
    assert.deepEqual([other.returns(), other.signal()?.aborted], [1, true]);
  });

  it("throws what a handler throws instead of beginning", () => {
    const begin = (): never => {
      throw new Error("not today");
    };
    assert.throws(() => streamOf({ begin }), /not today/);
  });
});
