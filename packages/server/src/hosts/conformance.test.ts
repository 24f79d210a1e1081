// What every host must do, whatever it takes messages from: the same cases, by the same clients, against each of them. A case's targets have one payload type, and another one in the
// next protocol and the next host, so that each case meets all of them without being run thrice.
import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { forSuite, type Cleanup } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { payloadTypeOf } from "../../test/harness/payload-types.ts";
import { startTarget, type TargetReply, type TestTarget } from "../../test/harness/target.ts";
import { createTestExecutions, type CaseOptions, type TestExecutions } from "../../test/hosts/executions.ts";
import { HOSTS, type RunningShop, type TestHost } from "../../test/hosts/hosts.ts";
import {
  shopClient,
  type Outcome,
  type Protocol,
  type ShopClient,
  type StreamOutcome,
} from "../../test/hosts/protocols.ts";

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
  /** Whether the client sends a stream. */
  readonly needsRequestStream?: boolean;
}

const TEA = { item: "tea", count: 1 };
const ORDER = "/shop.v1.Shop/Order";

/** An order that the API refuses, and how. */
const BAD = { item: "bad", count: 1 };
const NO_SUCH_ITEM: Outcome & { readonly kind: "refused" } = {
  kind: "refused",
  code: "failed_precondition",
  text: "no such item",
  reason: "BAD_REQUEST",
};

/** The same as targets are shown it: in their dialect, and what is hidden left out. */
function shownError(spelling: string, violation: object): object {
  return {
    code: "FAILED_PRECONDITION",
    message: "no such item",
    details: [
      { "@type": "type.googleapis.com/google.rpc.BadRequest", [spelling]: [violation] },
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "BAD_REQUEST", domain: "interpose" },
    ],
  };
}

/** Port 1 is reserved for tcpmux, which nobody runs. */
const NOBODY = "http://127.0.0.1:1/";

/** Where paths of hidden fields may stand. */
const HIDING: Readonly<Record<string, CaseOptions>> = {
  "an option of the execution": { hiddenFields: ["count", "total", "**.description"] },
  "the setting": { hiddenEverywhere: ["count", "total", "**.description"] },
  both: { hiddenFields: ["total"], hiddenEverywhere: ["count", "**.description"] },
};

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
      assert.deepEqual(await client.order(BAD), NO_SUCH_ITEM);
      assert.equal(first.calls.length, 0);
    },
  },
  {
    title:
      "shows response targets the API's error where their execution asks for that, in either dialect, and changes nothing of it",
    async check({ client, executions, first, second }) {
      executions.set(
        {
          request: [{ endpoint: first.url }],
          response: [{ endpoint: first.url }, { endpoint: second.url, dialect: "v2" }],
        },
        { runOnErrors: true },
      );
      first.reply(({ body }) => ({ body: body.error ? { text: "made up", error: {} } : { count: 2 } }));
      second.reply({ body: { text: "made up" } });
      assert.deepEqual(await client.order(BAD), NO_SUCH_ITEM);
      const request = { item: "bad", count: 2 };
      const calls = [...first.calls.slice(1), ...second.calls];
      assert.deepEqual(
        calls.map(({ body: { fullMethod, request, response, error } }) => ({ fullMethod, request, response, error })),
        ["field_violations", "fieldViolations"].map((spelling) => ({
          fullMethod: ORDER,
          request,
          response: undefined,
          error: shownError(spelling, { field: "item", description: "is not sold" }),
        })),
      );
    },
  },
  {
    title: "shows an error's targets the response where there is no error",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] }, { runOnErrors: true });
      first.reply({ body: { text: "changed" } });
      assert.deepEqual(await client.order(TEA), { kind: "answered", message: { text: "changed", total: 1 } });
      assert.deepEqual([first.calls.length, first.calls[0]?.body.error], [1, undefined]);
    },
  },
  {
    title: "puts a target's refusal in the place of the API's error, and calls nobody else",
    async check({ client, executions, first, second }) {
      executions.set({ response: [{ endpoint: first.url }, { endpoint: second.url }] }, { runOnErrors: true });
      first.reply({ body: { forwardedStatusCode: 404, forwardedErrorMessage: "nothing of that name" } });
      assertRefused(await client.order(BAD), "not_found", "nothing of that name (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
      assert.equal(second.calls.length, 0);
    },
  },
  {
    title: "puts a target's own failure in the place of the API's error where it interrupts, and not otherwise",
    async check({ client, executions, first, second }) {
      executions.set({ response: [{ endpoint: NOBODY }, { endpoint: second.url }] }, { runOnErrors: true });
      assertRefused(await client.order(BAD), "unavailable", /could not be reached/, "TARGET_UNAVAILABLE");
      assert.equal(second.calls.length, 0);
      const response = [
        { endpoint: NOBODY, interruptOnError: false },
        { endpoint: first.url, interruptOnError: false },
      ];
      executions.set({ response: [...response, { endpoint: second.url }] }, { runOnErrors: true });
      first.reply({ status: 500 });
      assert.deepEqual(await client.order(BAD), NO_SUCH_ITEM);
      assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
    },
  },
  {
    title: "takes a refusal of a request for no error of the API",
    async check({ client, shop, executions, first, second }) {
      executions.set(
        { request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] },
        { runOnErrors: true },
      );
      first.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "no" } });
      assertRefused(await client.order(TEA), "permission_denied", "no (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
      assert.deepEqual([shop.seen.messages.length, second.calls.length], [0, 0]);
    },
  },
  {
    title: "ends a target's call about an error when the client goes away",
    async check({ client, executions, first, second }) {
      executions.set({ response: [{ endpoint: first.url }, { endpoint: second.url }] }, { runOnErrors: true });
      first.reply("hang");
      const controller = new AbortController();
      const call = client.order(BAD, { signal: controller.signal }).catch((error: unknown) => error);
      await eventually("the target is called", () => first.calls.length === 1);
      controller.abort();
      await call;
      await eventually("the target's call ends", () => first.calls[0]?.isGone());
      assert.equal(second.calls.length, 0);
    },
  },
  ...(["v3alpha", "v2"] as const).flatMap((dialect) =>
    Object.entries(HIDING).map(([by, options]): Case => ({
      title: `hides fields, by ${by}, from requests, responses and errors, and keeps them for the API, in the dialect ${dialect}`,
      async check({ client, shop, executions, first, second }) {
        const targets = {
          request: [{ endpoint: first.url, dialect }],
          response: [{ endpoint: second.url, dialect }],
        };
        executions.set(targets, { ...options, runOnErrors: true });
        first.reply({ body: { item: "coffee", count: 50, password: "mine" } });
        second.reply({ body: { text: "changed", total: 50 } });
        const outcome = await client.order({ item: "tea", count: 3, password: "secret" });
        assert.deepEqual(outcome, { kind: "answered", message: { text: "changed", total: 3 } });
        assert.deepEqual(first.calls[0]?.body.request, { item: "tea" });
        assert.deepEqual(shop.seen.messages, [{ item: "coffee", count: 3, password: "secret" }]);
        const { request, response } = second.calls[0]?.body ?? assert.fail("there is no call");
        assert.deepEqual([request, response], [{ item: "coffee" }, { text: "3 coffee" }]);
        first.reply({ body: { item: "bad", count: 50 } });
        assert.deepEqual(await client.order({ item: "tea", count: 3 }), NO_SUCH_ITEM);
        const spelling = dialect === "v2" ? "fieldViolations" : "field_violations";
        const failed = second.calls[1]?.body;
        assert.deepEqual([failed.request, failed.error], [{ item: "bad" }, shownError(spelling, { field: "item" })]);
      },
    })),
  ),
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
];

/** What comes of a stream of two messages that the API then refuses to go on with. */
const BAD_AFTER_TWO: StreamOutcome = {
  messages: [1, 2].map((total) => ({ text: `bad ${total}`, total })),
  end: NO_SUCH_ITEM,
};

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
    needsRequestStream: true,
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
    needsRequestStream: true,
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
    needsRequestStream: true,
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
    needsRequestStream: true,
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
    needsRequestStream: true,
  },
  {
    title: "passes the API's own error at the end of a stream on, without asking response targets about it",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] });
      assert.deepEqual(await client.stream("Watch", [{ item: "bad", count: 2 }]), BAD_AFTER_TWO);
      assert.equal(first.calls.length, 2);
    },
  },
  {
    title: "shows the API's error at the end of a stream, behind its messages, where an execution asks for that",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url }] }, { runOnErrors: true });
      // The earlier, the slower: an error that did not wait for the messages would come too soon.
      first.reply(async ({ body }) => {
        await setTimeout(body.error ? 0 : 30 - 10 * body.response.total);
        return body.error ? { body: { text: "made up" } } : {};
      });
      assert.deepEqual(await client.stream("Watch", [{ item: "bad", count: 2 }]), BAD_AFTER_TWO);
      assert.deepEqual(
        first.calls.map(({ body }) => body.response?.total ?? body.error),
        [1, 2, shownError("field_violations", { field: "item", description: "is not sold" })],
      );
      assert.deepEqual(first.calls[2]?.body.request, { item: "bad", count: 2 });
    },
  },
  {
    title:
      "puts what a target makes of the error at the end of a stream in its place: a refusal, or its own failure where it interrupts",
    async check({ client, executions, first }) {
      executions.set({ response: [{ endpoint: first.url, interruptOnError: true }] }, { runOnErrors: true });
      const endWith = async (reply: TargetReply): Promise<StreamOutcome> => {
        first.reply(({ body }) => (body.error ? reply : {}));
        const outcome = await client.stream("Watch", [{ item: "bad", count: 2 }]);
        assert.deepEqual(outcome.messages, BAD_AFTER_TWO.messages);
        return outcome;
      };
      const refusal = { forwardedStatusCode: 404, forwardedErrorMessage: "nothing of that name" };
      const { end } = await endWith({ body: refusal });
      assertRefused(end, "not_found", "nothing of that name (EXEC-reUaUZCzCp)", "TARGET_REFUSED");
      const failed = await endWith({ status: 500 });
      assertRefused(failed.end, "failed_precondition", /^Execution failed/, "TARGET_FAILED");
      executions.set({ response: [{ endpoint: first.url, interruptOnError: false }] }, { runOnErrors: true });
      assert.deepEqual(await endWith({ status: 500 }), BAD_AFTER_TWO);
    },
  },
  {
    title: "shows an error of a stream of requests with the latest of them",
    async check({ client, executions, first, second }) {
      executions.set(
        { request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] },
        { runOnErrors: true },
      );
      first.reply(({ body }) => ({ body: { count: Number(body.request.count) + 10 } }));
      for (const method of ["Collect", "Chat"] as const) {
        second.calls.splice(0);
        const { end } = await client.stream(method, [TEA, BAD]);
        assert.deepEqual(end, NO_SUCH_ITEM);
        const failed = second.calls.at(-1)?.body;
        assert.deepEqual([failed.request, failed.error.code], [{ item: "bad", count: 11 }, "FAILED_PRECONDITION"]);
        assert.equal(second.calls.length, method === "Chat" ? 2 : 1);
      }
      executions.set({ response: [{ endpoint: NOBODY }] }, { runOnErrors: true });
      const { end } = await client.stream("Collect", [TEA, BAD]);
      assertRefused(end, "unavailable", /could not be reached/, "TARGET_UNAVAILABLE");
    },
    needsRequestStream: true,
  },
  {
    title: "takes a refusal of a message that goes up for no error of the API",
    async check({ client, executions, first, second }) {
      executions.set(
        { request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] },
        { runOnErrors: true },
      );
      first.reply(({ body }) => (body.request.count === 2 ? { body: { forwardedStatusCode: 403 } } : {}));
      for (const method of ["Collect", "Chat"] as const) {
        const { end } = await client.stream(method, [TEA, { item: "tea", count: 2 }]);
        assert.equal(end !== "ok" && end.code, "permission_denied");
      }
      await setTimeout(30);
      assert.ok(second.calls.every(({ body }) => body.error === undefined));
    },
    needsRequestStream: true,
  },
  {
    title: "hides fields in each message of a stream, and keeps them",
    async check({ client, shop, executions, first, second }) {
      executions.set(
        { request: [{ endpoint: first.url }], response: [{ endpoint: second.url }] },
        { hiddenFields: ["count"], hiddenEverywhere: ["total"] },
      );
      first.reply({ body: { item: "coffee", count: 50 } });
      second.reply({ body: { text: "changed", total: 50 } });
      assert.deepEqual(await client.stream("Chat", [TEA, { item: "tea", count: 2 }]), {
        messages: [1, 2].map((total) => ({ text: "changed", total })),
        end: "ok",
      });
      assert.deepEqual(
        shop.seen.messages,
        [1, 2].map((count) => ({ item: "coffee", count })),
      );
      assert.deepEqual(
        first.calls.map(({ body }) => body.request),
        [{ item: "tea" }, { item: "tea" }],
      );
      assert.deepEqual(
        second.calls.map(({ body }) => [body.request, body.response]),
        [1, 2].map((count) => [{ item: "coffee" }, { text: `${count} coffee` }]),
      );
    },
    needsRequestStream: true,
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

for (const [nthHost, host] of HOSTS.entries()) {
  describe(`the host: ${host.name}`, () => {
    for (const [nthProtocol, protocol] of host.protocols.entries()) {
      describe(`by ${protocol}`, () => {
        const world = openWorld(host, protocol);
        for (const [nthCase, { title, check, except, needsRequestStream }] of [...UNARY, ...STREAMS].entries()) {
          const noStream = needsRequestStream && noRequestStreams(host, protocol);
          it(title, { skip: except?.[protocol] ?? noStream ?? false }, async () => {
            const { executions, first, second, ...others } = world();
            executions.payloadType = payloadTypeOf(nthHost + nthProtocol + nthCase);
            await check({ executions, first, second, ...others });
            for (const { payloadType } of [...first.calls, ...second.calls])
              assert.equal(payloadType, executions.payloadType);
          });
        }
      });
    }
  });
}

/** Why clients can send no streams to a host in a protocol, where they cannot. */
function noRequestStreams({ noRequestStreams }: TestHost, protocol: Protocol): string | false {
  return noRequestStreams ?? (protocol === "REST" && "its clients send one request");
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
