// What every host must do, whatever it takes messages from: the same cases, by the same clients, against each of them.
import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { forSuite, type Cleanup } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../test/harness/target.ts";
import { createTestExecutions, type TestExecutions } from "../../test/hosts/executions.ts";
import { HOSTS, type RunningShop, type TestHost } from "../../test/hosts/hosts.ts";
import { shopClient, type Outcome, type Protocol, type ShopClient } from "../../test/hosts/protocols.ts";

/** What a case works with. */
interface World {
  readonly client: ShopClient;
  readonly protocol: Protocol;
  readonly shop: RunningShop;
  readonly executions: TestExecutions;
  /** Two targets, which answer nothing until they are told what. */
  readonly first: TestTarget;
  readonly second: TestTarget;
}

interface Case {
  readonly title: string;
  readonly check: (world: World) => Promise<void>;
  /** Why a protocol cannot be in the case. */
  readonly except?: Partial<Record<Protocol, string>>;
}

const TEA = { item: "tea", count: 1 };
const ORDER = "/shop.v1.Shop/Order";

const UNARY: readonly Case[] = [
  {
    title: "passes what nothing hooks as it is",
    async check({ client, shop, first }) {
      assert.deepEqual(await client.order(TEA), { kind: "answered", message: { text: "1 tea", total: 1 } });
      assert.deepEqual(shop.seen.messages, [TEA]);
      assert.equal(first.calls.length, 0);
    },
  },
  {
    title: "shows a request target the request, and not what it must not see",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url }] });
      assert.equal((await client.order({ ...TEA, password: "secret" })).kind, "answered");
      const [call] = first.calls;
      assert.deepEqual(call?.body, {
        fullMethod: ORDER,
        instanceID: "1",
        request: TEA,
      });
      assert.deepEqual(shop.seen.messages, [{ ...TEA, password: "secret" }]);
    },
  },
  {
    title: "calls request targets in order, each with what the one before made of the request",
    async check({ client, shop, executions, first, second }) {
      executions.set({ request: [{ endpoint: first.url }, { endpoint: second.url }] });
      first.reply({ body: { count: 2 } });
      second.reply({ body: { item: "coffee" } });
      assert.deepEqual(await client.order(TEA), { kind: "answered", message: { text: "2 coffee", total: 2 } });
      assert.deepEqual(second.calls[0]?.body.request, { item: "tea", count: 2 });
      assert.deepEqual(shop.seen.messages, [{ item: "coffee", count: 2 }]);
    },
  },
  {
    title: "shows response targets the request as it was changed, and the response, and changes that",
    async check({ client, executions, first, second }) {
      executions.set({ request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] });
      first.reply({ body: { count: 2 } });
      second.reply({ body: { text: "enough" } });
      assert.deepEqual(await client.order(TEA), { kind: "answered", message: { text: "enough", total: 2 } });
      assert.deepEqual(second.calls[0]?.body.request, { item: "tea", count: 2 });
      assert.deepEqual(second.calls[0].body.response, { text: "2 tea", total: 2 });
    },
  },
  {
    title: "lets a webhook watch: its body changes nothing",
    async check({ client, executions, first }) {
      executions.set({
        request: [{ endpoint: first.url, type: "webhook" }],
        response: [{ endpoint: first.url, type: "webhook" }],
      });
      first.reply({ body: { item: "coffee", text: "none" } });
      assert.deepEqual(await client.order(TEA), { kind: "answered", message: { text: "1 tea", total: 1 } });
      assert.equal(first.calls.length, 2);
    },
  },
  {
    title: "does not wait for an async target",
    async check({ client, executions, first }) {
      executions.set({ request: [{ endpoint: first.url, type: "async" }] });
      first.reply("hang");
      assert.equal((await client.order(TEA)).kind, "answered");
      await eventually("the call of the target", () => first.calls.length === 1);
    },
  },
  {
    title: "refuses a request with the code and text of the target, and calls nobody else",
    async check({ client, shop, executions, first, second }) {
      executions.set({
        request: [{ endpoint: first.url }, { endpoint: second.url }],
        response: [{ endpoint: second.url }],
      });
      first.reply({ body: { forwardedStatusCode: 429, forwardedErrorMessage: "sold out: ü" } });
      assertRefused(await client.order(TEA), "resource_exhausted", "sold out: ü (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
      assert.deepEqual([shop.seen.messages.length, second.calls.length], [0, 0]);
    },
  },
  {
    title: "refuses a response, of which the client sees nothing",
    async check({ client, shop, executions, first }) {
      executions.set({ response: [{ endpoint: first.url, type: "webhook" }] });
      first.reply({ status: 500 });
      const refused = await client.order(TEA);
      assertRefused(refused, "failed_precondition", /^Execution failed: target "response-1" failed/, "TARGET_FAILED");
      assert.deepEqual(shop.seen.messages, [TEA]);
    },
  },
  {
    title: "ignores what a reply names and the message has not, in the dialect v3alpha",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      first.reply({ body: { nonsense: 1, total: 7 } });
      assert.deepEqual(await client.order(TEA), { kind: "answered", message: { text: "1 tea", total: 7 } });
    },
  },
  {
    title: "refuses a reply that names what the message has not, in the dialect v2",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url, dialect: "v2" }] });
      first.reply({ body: { nonsense: 1 } });
      assertRefused(await client.order(TEA), "failed_precondition", /does not fit the message/, "TARGET_REPLY_INVALID");
    },
  },
  {
    title: "replaces a message by the reply, and shows headers, in the dialect v2",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url, dialect: "v2" }] });
      first.reply({ body: { item: "coffee" } });
      const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      assert.equal(
        (await client.order(TEA, { headers: { origin: "https://shop.example", traceparent: trace } })).kind,
        "answered",
      );
      assert.deepEqual(shop.seen.messages, [{ item: "coffee" }]);
      const [call] = first.calls;
      assert.deepEqual(call?.body.headers.Origin, ["https://shop.example"]);
      assert.equal(call.body.headers.Host[0], new URL(shop.url).host);
      assert.match(call.body.headers["Content-Type"][0], /^application\//);
      assert.equal(String(call.headers.traceparent).slice(0, 35), trace.slice(0, 35));
    },
  },
  {
    title: "tells targets who calls",
    async check({ client, executions, first, second }) {
      executions.set({ request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] });
      await client.order(TEA, { headers: { "x-test-user": "ada", "x-test-org": "acme" } });
      for (const { calls } of [first, second])
        assert.deepEqual([calls[0]?.body.userID, calls[0]?.body.orgID], ["ada", "acme"]);
    },
  },
  {
    title: "refuses a call that a target makes back, when that has led to itself too often",
    async check({ client, executions, first }) {
      executions.set({ request: [{ endpoint: first.url }] });
      const outcomes: Outcome[] = [];
      first.reply(async ({ headers }) => {
        outcomes.push(await client.order(TEA, { headers: { "interpose-run": String(headers["interpose-run"]) } }));
        return {};
      });
      assert.equal((await client.order(TEA)).kind, "answered");
      assert.equal(first.calls.length, 5);
      const [deepest] = outcomes;
      assertRefused(deepest ?? "ok", "failed_precondition", /^Targets call in a circle: request /, "RUN_TOO_DEEP");
    },
  },
  {
    title: "passes the API's own error on, without asking response targets",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      const refused = await client.order({ item: "bad", count: 1 });
      assert.deepEqual(
        { ...refused, reason: "" },
        { kind: "refused", code: "failed_precondition", text: "no such item", reason: "" },
      );
      assert.equal(first.calls.length, 0);
    },
  },
  {
    title: "ends a call whose deadline passes while a target is called, and the target's call with it",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url }] });
      first.reply("hang");
      const started = performance.now();
      const refused = await client.order(TEA, { timeoutMs: 200 });
      assert.equal(refused.kind === "refused" && refused.code, "deadline_exceeded");
      assert.ok(performance.now() - started < 3_000);
      await eventually("the target's call ends", () => first.calls[0]?.isGone());
      assert.equal(shop.seen.messages.length, 0);
    },
    except: { REST: "it has no deadlines" },
  },
  {
    title: "ends a target's call when the client goes away, and calls nobody else",
    async check({ client, shop, executions, first, second }) {
      executions.set({ request: [{ endpoint: first.url, interruptOnError: false }, { endpoint: second.url }] });
      first.reply("hang");
      const controller = new AbortController();
      const call = client.order(TEA, { signal: controller.signal }).catch((error: unknown) => error);
      await eventually("the target is called", () => first.calls.length === 1);
      controller.abort();
      await call;
      await eventually("the target's call ends", () => first.calls[0]?.isGone());
      await setTimeout(30);
      assert.deepEqual([second.calls.length, shop.seen.messages.length], [0, 0]);
    },
  },
  {
    title: "tells the API that the client has gone away",
    async check({ client, shop, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      const controller = new AbortController();
      const call = client.order({ item: "slow" }, { signal: controller.signal }).catch((error: unknown) => error);
      await eventually("the API is called", () => shop.seen.messages.length === 1);
      controller.abort();
      await call;
      await eventually("the API knows", () => shop.seen.cancelled.includes("Order"));
      assert.equal(first.calls.length, 0);
    },
  },
  {
    title: "shows response targets an error of the API where their execution asks for that, and leaves it as it is",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] }, { runOnErrors: true, hiddenFields: ["count"] });
      first.reply({ body: { text: "made up" } });
      const refused = await client.order({ item: "bad", count: 1 });
      assert.deepEqual(
        { ...refused, reason: "" },
        { kind: "refused", code: "failed_precondition", text: "no such item", reason: "" },
      );
      const { request, response, error } = first.calls[0]?.body ?? assert.fail("no target was called");
      assert.deepEqual([request, response], [{ item: "bad" }, undefined]);
      assert.deepEqual([error.code, error.message], ["FAILED_PRECONDITION", "no such item"]);
      assert.equal((await client.order(TEA)).kind, "answered");
      assert.equal(first.calls[1]?.body.error, undefined);
    },
  },
  {
    title: "lets a target refuse in the place of an error of the API",
    async check({ client, executions, first, second }) {
      executions.set(
        { response: [{ endpoint: first.url }, { endpoint: second.url }] },
        { runOnErrors: true, hiddenFields: [] },
      );
      first.reply({ body: { forwardedStatusCode: 404, forwardedErrorMessage: "nothing here" } });
      const refused = await client.order({ item: "bad", count: 1 });
      assertRefused(refused, "not_found", "nothing here (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
      assert.equal(second.calls.length, 0);
    },
  },
  {
    title: "hides the fields of an execution from its targets, and from their replies",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url }] }, { runOnErrors: false, hiddenFields: ["count", "*.none"] });
      first.reply({ body: { item: "coffee", count: 9 } });
      assert.deepEqual(await client.order({ ...TEA, count: 2 }), {
        kind: "answered",
        message: { text: "2 coffee", total: 2 },
      });
      assert.deepEqual(first.calls[0]?.body.request, { item: "tea" });
      assert.deepEqual(shop.seen.messages, [{ item: "coffee", count: 2 }]);
    },
  },
];

const ONE_REQUEST = { REST: "its clients send one request" };

const STREAMS: readonly Case[] = [
  {
    title: "passes streams that nothing hooks as they are",
    async check({ client, shop }) {
      const messages = [1, 2, 3].map((count) => ({ item: "tea", count }));
      assert.deepEqual(await client.stream("Chat", messages), {
        messages: [1, 2, 3].map((total) => ({ text: `${total} tea`, total })),
        end: "ok",
      });
      assert.deepEqual(shop.seen.messages, messages);
    },
    except: ONE_REQUEST,
  },
  {
    title: "changes each message that comes down, in order, however long its target takes",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      first.reply(async ({ body }) => {
        // The earlier, the slower: what did not wait for its turn would come too soon.
        await setTimeout(30 - 10 * body.response.total);
        return { body: { text: `${body.response.text}!` } };
      });
      assert.deepEqual(await client.stream("Watch", [{ item: "tea", count: 3 }]), {
        messages: [1, 2, 3].map((total) => ({ text: `tea ${total}!`, total })),
        end: "ok",
      });
    },
  },
  {
    title: "changes each message that goes up, in order, however long its target takes",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url }] });
      first.reply(async ({ body }) => {
        await setTimeout(30 - 10 * body.request.count);
        return { body: { count: body.request.count * 10 } };
      });
      const outcome = await client.stream(
        "Collect",
        [1, 2, 3].map((count) => ({ item: "tea", count })),
      );
      assert.deepEqual(outcome, { messages: [{ text: "collected", total: 60 }], end: "ok" });
      assert.deepEqual(
        shop.seen.messages.map(({ count }) => count),
        [10, 20, 30],
      );
    },
    except: ONE_REQUEST,
  },
  {
    title: "changes both directions of a stream, and shows each response with the latest request",
    async check({ client, executions, first, second }) {
      executions.set({ request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] });
      first.reply(({ body }) => ({ body: { count: Number(body.request.count) + 10 } }));
      second.reply(({ body }) => ({ body: { text: `${body.response.text}, of ${body.request.item}` } }));
      const outcome = await client.stream("Chat", [{ item: "tea", count: 1 }]);
      assert.deepEqual(outcome, { messages: [{ text: "11 tea, of tea", total: 11 }], end: "ok" });
    },
    except: ONE_REQUEST,
  },
  {
    title: "ends a stream with the error when a message that comes down is refused, after those before it",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      first.reply(({ body }) =>
        body.response.total === 3 ? { body: { forwardedStatusCode: 403, forwardedErrorMessage: "no third" } } : {},
      );
      const { messages, end } = await client.stream("Watch", [{ item: "tea", count: 5 }]);
      assert.deepEqual(
        messages.map(({ total }) => total),
        [1, 2],
      );
      assertRefused(end, "permission_denied", "no third (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
    },
  },
  {
    title: "ends a stream with the error when a message that goes up is refused, which the API never sees",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url }] });
      first.reply(({ body }) =>
        body.request.count === 2 ? { body: { forwardedStatusCode: 403, forwardedErrorMessage: "no second" } } : {},
      );
      const { end } = await client.stream(
        "Chat",
        [1, 2, 3].map((count) => ({ item: "tea", count })),
      );
      assertRefused(end, "permission_denied", "no second (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
      assert.ok(shop.seen.messages.length <= 1 && first.calls.length === 2);
    },
    except: ONE_REQUEST,
  },
  {
    title: "refuses a stream of requests at its first message",
    async check({ client, shop, executions, first }) {
      executions.set({ request: [{ endpoint: first.url, type: "webhook" }] });
      first.reply({ status: 503 });
      const { end } = await client.stream("Collect", [TEA, TEA]);
      assertRefused(end, "failed_precondition", /^Execution failed/, "TARGET_FAILED");
      assert.equal(shop.seen.messages.length, 0);
    },
    except: ONE_REQUEST,
  },
  {
    title: "ends the call of a target when the client of a stream goes away",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      first.reply("hang");
      const controller = new AbortController();
      const call = client.stream("Watch", [{ item: "tea", count: 2 }], { signal: controller.signal });
      await eventually("the target is called", () => first.calls.length === 1);
      controller.abort();
      await call;
      await eventually("the target's call ends", () => first.calls[0]?.isGone());
      assert.equal(first.calls.length, 1);
    },
  },
];

for (const host of HOSTS) {
  describe(`the host: ${host.name}`, () => {
    for (const protocol of host.protocols) {
      describe(`by ${protocol}`, () => {
        const world = openWorld(host, protocol);
        for (const { title, check, except } of UNARY)
          it(title, { skip: except?.[protocol] ?? false }, () => check(world()));
        for (const { title, check, except } of STREAMS)
          it(title, { skip: host.noStreams ?? except?.[protocol] ?? false }, () => check(world()));
      });
    }
  });
}

/** Starts a host for the cases of a suite. Between two cases, all of it forgets. */
function openWorld(host: TestHost, protocol: Protocol): () => World {
  const suite: Cleanup = forSuite();
  let world: World | undefined;
  before(async () => {
    const executions = createTestExecutions(suite);
    const shop = await host.start(suite, executions);
    const [first, second] = [await startTarget(suite), await startTarget(suite)];
    world = { client: shopClient(suite, shop.url, protocol), protocol, shop, executions, first, second };
  });
  beforeEach(() => {
    world?.executions.set({});
    world?.shop.seen.forget();
    for (const target of [world?.first, world?.second]) {
      target?.calls.splice(0);
      target?.reply({});
    }
  });
  return () => world ?? assert.fail("the host did not start");
}

function assertRefused(outcome: Outcome | "ok", code: string, text: string | RegExp, reason: string | undefined): void {
  assert.ok(typeof outcome === "object" && outcome.kind === "refused", JSON.stringify(outcome));
  assert.equal(outcome.code, code, outcome.text);
  if (typeof text === "string") assert.equal(outcome.text, text);
  else assert.match(outcome.text, text);
  assert.equal(outcome.reason, reason);
}
