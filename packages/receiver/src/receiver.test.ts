import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KEY, seconds, webhookHeaders, zitadelHeaders } from "../test/sign.ts";
import type { ReceiverError } from "./error.ts";
import type { Handlers } from "./handlers.ts";
import { createReceiver, type ReceiverOptions } from "./receiver.ts";
import { reply } from "./reply.ts";
import { createMemoryStore, type SeenStore } from "./seen.ts";

const REQUEST = '{"fullMethod":"/acme.v1.Users/Add","instanceID":"1","request":{"name":"Ada"}}';
const RESPONSE = '{"fullMethod":"/acme.v1.Users/Add","request":{},"response":{"id":"7"}}';
const FUNCTION = '{"function":"function/preaccesstoken","user":{"id":"7"}}';
const EVENT =
  '{"aggregateID":"17","aggregateType":"order","instanceID":"1","sequence":3,"event_type":"order.paid","created_at":"2026-11-26T09:30:00Z","event_payload":{"amount":12}}';

/** A receiver that keeps what `onError` is told. */
function start(on: Handlers, options: Partial<ReceiverOptions> = {}) {
  const errors: ReceiverError[] = [];
  const receiver = createReceiver({ keys: KEY, on, onError: (error) => errors.push(error), ...options });
  return {
    errors,
    /** Sends a body, signed with an id where it is given one, and answers the status with the JSON. */
    async send(body: string, headers: Record<string, string> = webhookHeaders({ body })) {
      const answer = await receiver.handle(headers, Buffer.from(body));
      const json: unknown = answer.body === "" ? undefined : JSON.parse(answer.body);
      return [answer.status, (json as { error?: { code: string } } | undefined)?.error?.code ?? json];
    },
  };
}

const withId = (body: string, id: string) => webhookHeaders({ body, id });

describe("createReceiver()", () => {
  it("hands each kind of call to its handler, typed", async () => {
    const told: unknown[] = [];
    const { send } = start({
      request: (call, { run, verified }) => {
        told.push(call.request.name, run, verified?.id);
        return reply.change({ ...call.request, name: "Grace" });
      },
      response: async ({ response }) => {
        await Promise.resolve();
        told.push(response);
      },
      event: ({ event_type, event_payload }) => {
        told.push(event_type, event_payload);
      },
      function: {
        preaccesstoken({ input }) {
          const id: string | undefined = input.user?.id;
          return reply.claims({ id });
        },
      },
    });
    const headers = { ...webhookHeaders({ body: REQUEST, id: "17.9" }), "interpose-run": "r" };
    assert.deepEqual(await send(REQUEST, headers), [200, { name: "Grace" }]);
    assert.deepEqual(await send(RESPONSE, withId(RESPONSE, "2")), [204, undefined]);
    assert.deepEqual(await send(EVENT, withId(EVENT, "3")), [204, undefined]);
    assert.deepEqual(await send(FUNCTION, withId(FUNCTION, "4")), [
      200,
      { append_claims: [{ key: "id", value: "7" }] },
    ]);
    assert.deepEqual(told, ["Ada", "r", "17.9", { id: "7" }, "order.paid", { amount: 12 }]);
  });

  it("does not let a handler answer what its kind of call does not take", () => {
    const claims = () => reply.claims({});
    // @ts-expect-error -- claims are no message
    start({ request: claims });
    // @ts-expect-error -- an event cannot be changed
    start({ event: () => reply.change({}) });
    // @ts-expect-error -- attributes are no claims
    start({ function: { preuserinfo: () => reply.attributes([]) } });
    start({
      function: { preuserinfo: claims, presamlresponse: () => reply.attributes([]), price: () => reply.change({}) },
    });
  });

  it("has one handler of all functions, if that is wanted", async () => {
    const { send } = start({ function: ({ name }) => reply.change({ name }) });
    assert.deepEqual(await send(FUNCTION), [200, { name: "preaccesstoken" }]);
  });

  it("refuses on the wire as a target does", async () => {
    const { send } = start({ request: () => reply.refuse("permission_denied", "not on my watch") });
    assert.deepEqual(await send(REQUEST), [
      200,
      { forwardedStatusCode: 403, forwardedErrorMessage: "not on my watch" },
    ]);
  });

  it("lets nobody through for whom there is no handler", async () => {
    const { send } = start({ response: () => undefined, function: {} });
    assert.deepEqual(await send(REQUEST, withId(REQUEST, "1")), [501, "no_handler"]);
    const inherited = '{"function":"function/constructor"}';
    assert.deepEqual(await send(inherited, withId(inherited, "2")), [501, "no_handler"]);
  });

  it("answers 401 to what is not signed, by its key, lately", async () => {
    const { send, errors } = start({ request: () => assert.fail("not verified") });
    const late = seconds() - 400;
    assert.deepEqual(await send(REQUEST, {}), [401, "missing"]);
    assert.deepEqual(await send(REQUEST, webhookHeaders({ body: REQUEST }, "another key")), [401, "no_match"]);
    assert.deepEqual(await send(REQUEST, zitadelHeaders({ body: REQUEST, at: late })), [401, "too_old"]);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["missing", "no_match", "too_old"],
    );
  });

  it("takes keys that are found anew for each call", async () => {
    let keys = ["an old key"];
    const { send } = start({ request: () => undefined }, { keys: () => Promise.resolve(keys) });
    assert.deepEqual(await send(REQUEST), [401, "no_match"]);
    keys = ["an old key", KEY];
    assert.deepEqual(await send(REQUEST), [204, undefined]);
    const { send: without, errors } = start({}, { keys: () => Promise.reject(new Error("vault")) });
    assert.deepEqual(await without(REQUEST), [503, "keys_unavailable"]);
    assert.match(String(errors[0]?.cause), /vault/);
  });

  it("is not made without keys by forgetting", () => {
    const on = {};
    for (const options of [
      { on },
      { on, keys: undefined },
      { on, keys: [] },
      { on, keys: "" },
      { on, keys: KEY, allowUnsigned: true },
    ])
      assert.throws(() => createReceiver(options), { code: "options_invalid" });
    assert.ok(createReceiver({ on, allowUnsigned: true }));
  });

  it("takes unsigned calls where that is allowed", async () => {
    const { send } = start(
      { request: (_, { verified }) => reply.change({ verified: verified ?? null }) },
      { keys: undefined, allowUnsigned: true },
    );
    assert.deepEqual(await send(REQUEST, {}), [200, { verified: null }]);
  });

  it("bounds the body, and reads UTF-8 alone", async () => {
    const { send } = start({ request: () => undefined }, { maxBodyBytes: 100 });
    assert.deepEqual(await send(`${REQUEST}${" ".repeat(100)}`), [413, "body_too_large"]);
    const receiver = createReceiver({ on: {}, allowUnsigned: true, onError: () => undefined });
    assert.match((await receiver.handle({}, new Uint8Array([0x7b, 0xff]))).body, /UTF-8/);
  });

  it("tells who calls nothing of why a handler failed, and onError all of it", async () => {
    const { send, errors } = start({
      request: () => {
        throw new Error("password=hunter2");
      },
    });
    assert.deepEqual(await send(REQUEST), [500, "handler_failed"]);
    assert.ok(!errors[0]?.message.includes("hunter2"));
    assert.match(String(errors[0]?.cause), /hunter2/);
  });

  it("answers 500 for what cannot be sent", async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const answer of [
      () => reply.change(circular),
      () => "yes" as never,
      () => reply.change({ forwardedStatusCode: 403 }),
    ])
      assert.deepEqual(await start({ request: answer }).send(REQUEST), [500, "reply_invalid"]);
  });

  it("answers even where onError fails", async () => {
    const fails = () => {
      throw new Error("the log is full");
    };
    assert.deepEqual(await start({}, { onError: fails }).send(REQUEST, {}), [401, "missing"]);
  });

  describe("with calls that come twice", () => {
    it("handles an event once, and says each time that it has it", async () => {
      let count = 0;
      const { send } = start({ event: () => void count++ });
      for (let i = 0; i < 3; i++) assert.deepEqual(await send(EVENT, withId(EVENT, "42")), [204, undefined]);
      assert.equal(count, 1);
      await send(EVENT, withId(EVENT, "43"));
      assert.equal(count, 2);
    });

    it("answers another call once", async () => {
      let count = 0;
      const { send } = start({ request: () => void count++ });
      assert.deepEqual(await send(REQUEST), [204, undefined]);
      assert.deepEqual(await send(REQUEST), [409, "duplicate_call"]);
      assert.equal(count, 1);
    });

    it("handles again what failed", async () => {
      let count = 0;
      const { send } = start({
        event: () => {
          if (++count < 3) throw new Error("not yet");
        },
      });
      assert.deepEqual(await send(EVENT), [500, "handler_failed"]);
      assert.deepEqual(await send(EVENT), [500, "handler_failed"]);
      assert.deepEqual(await send(EVENT), [204, undefined]);
      assert.deepEqual(await send(EVENT), [204, undefined]);
      assert.equal(count, 3);
    });

    it("answers 409 to the second one while the first one is handled", async () => {
      const begun = Promise.withResolvers<undefined>();
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const { send } = start({
        event() {
          begun.resolve(undefined);
          return promise;
        },
      });
      const first = send(EVENT);
      await begun.promise;
      const second = await send(EVENT);
      assert.deepEqual(second, [409, "call_running"]);
      resolve(undefined);
      assert.deepEqual(await first, [204, undefined]);
      assert.deepEqual(await send(EVENT), [204, undefined]);
    });

    it("keeps two systems with the same ids apart", async () => {
      const { send } = start({ request: () => undefined });
      const other = REQUEST.replace('"instanceID":"1"', '"instanceID":"2"');
      assert.deepEqual(await send(REQUEST), [204, undefined]);
      assert.deepEqual(await send(other), [204, undefined]);
    });

    it("cannot know them by ZITADEL's header, which signs no id: it takes no other's word for it", async () => {
      let count = 0;
      const { send } = start({ event: () => void count++ });
      const headers = { ...zitadelHeaders({ body: EVENT }), "webhook-id": "42" };
      for (let i = 0; i < 2; i++) assert.deepEqual(await send(EVENT, headers), [204, undefined]);
      assert.equal(count, 2);
    });

    it("is not led around them by leaving the id away, where Standard Webhooks is what counts", async () => {
      const { send } = start({ event: () => undefined }, { family: "standard-webhooks" });
      assert.deepEqual(await send(EVENT, { ...webhookHeaders({ body: EVENT }), ...zitadelHeaders({ body: EVENT }) }), [
        204,
        undefined,
      ]);
      assert.deepEqual(await send(EVENT, zitadelHeaders({ body: EVENT })), [401, "missing"]);
    });

    it("remembers events for as long as they may come again, and others for as long as their signature is good", async () => {
      const asked: unknown[] = [];
      const memory = createMemoryStore();
      const seen: SeenStore = { ...memory, done: (id, forSeconds) => void asked.push([id, forSeconds]) };
      const { send } = start({ event: () => undefined, request: () => undefined }, { seen });
      await send(EVENT, withId(EVENT, "1"));
      await send(REQUEST, withId(REQUEST, "2"));
      assert.deepEqual(asked, [
        ["1/1", 86_400],
        ["1/2", 600],
      ]);
    });

    it("handles nothing where the store cannot say, and stands by what was handled", async () => {
      const down = () => Promise.reject(new Error("redis is down"));
      let count = 0;
      const on = { event: () => void count++ };
      const { send } = start(on, { seen: { ...createMemoryStore(), claim: down } });
      assert.deepEqual(await send(EVENT), [503, "store_unavailable"]);
      assert.deepEqual(await start(on, { seen: { ...createMemoryStore(), claim: () => "OK" as never } }).send(EVENT), [
        503,
        "store_unavailable",
      ]);
      assert.equal(count, 0);
      const { send: late, errors } = start(on, { seen: { ...createMemoryStore(), done: down } });
      assert.deepEqual(await late(EVENT), [204, undefined]);
      assert.equal(count, 1);
      assert.match(String(errors[0]?.cause), /redis/);
    });

    it("handles them twice where nobody remembers", async () => {
      let count = 0;
      const { send } = start({ request: () => void count++ }, { seen: false });
      for (let i = 0; i < 2; i++) assert.deepEqual(await send(REQUEST), [204, undefined]);
      assert.equal(count, 2);
    });
  });
});
