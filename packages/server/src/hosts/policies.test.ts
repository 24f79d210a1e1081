// What each failure of a target means, for each type of target, in each host and protocol. What is expected stands here, as docs/targets.md tells it to those who write targets;
// nothing of it is taken from the code that decides. A failure means the same in both dialects, in patch mode, and with each payload type. So each cell is run in one of them, and another one in
// the next protocol and the next host, so that each failure meets all of them without being run thrice.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import type { JsonObject } from "@bufbuild/protobuf";
import type { TargetCredentials } from "@interpose/caller";
import { InterposeError } from "@interpose/engine";
import { createCertificate } from "../../test/harness/certificate.ts";
import { forSuite } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { payloadTypeOf } from "../../test/harness/payload-types.ts";
import { startTarget, type ReceivedCall, type TargetReply, type TestTarget } from "../../test/harness/target.ts";
import { TEST_CREDENTIALS } from "../../test/harness/test-keys.ts";
import {
  CASE_FUNCTION,
  createTestExecutions,
  type CaseTarget,
  type TestExecutions,
} from "../../test/hosts/executions.ts";
import { HOSTS, type RunningShop } from "../../test/hosts/hosts.ts";
import { shopClient, type Outcome, type ShopClient } from "../../test/hosts/protocols.ts";
import { createFunctionCatalog, createInvoker, type InvokeFunction } from "../functions/index.ts";

/** What comes of a failure: the call goes on as if the target had not been there, or the client is refused. */
type Effect =
  "passes" | { readonly code: string; readonly reason: string; readonly what: string; readonly id?: string };

const UNAVAILABLE = (what: string): Effect => ({ code: "unavailable", reason: "TARGET_UNAVAILABLE", what });
const LATE: Effect = { code: "deadline_exceeded", reason: "TARGET_TIMED_OUT", what: "did not answer in time" };
const FAILED = (what: string): Effect => ({ code: "failed_precondition", reason: "TARGET_FAILED", what });
const UNSEALABLE: Effect = {
  code: "internal",
  reason: "TARGET_FAILED",
  what: "cannot be sent a message that is signed or encrypted as it wants it",
  id: "EXEC-2n8fhs7g",
};
const INVALID = (what: string): Exclude<Effect, "passes"> => ({
  code: "failed_precondition",
  reason: "TARGET_REPLY_INVALID",
  what,
});
/** The contract has an id of its own for a reply that can't be read where a function is invoked. */
const UNREADABLE: Effect = { ...INVALID("answered what is not a JSON object"), id: "ACTION-4m9s2" };

/** Of a target that nobody can encrypt for. */
const WITHOUT_KEY: TargetCredentials = { signingKeys: [] };
/** Of a target that is called with an access token, where there is none to be had. */
const WITHOUT_TOKEN: TargetCredentials = {
  ...TEST_CREDENTIALS,
  oauth: { tokenUrl: "http://127.0.0.1:1/", clientId: "interpose", clientSecret: "secret", scopes: [] },
};

/** A way for a target to fail. */
interface Failure {
  readonly title: string;
  /** What the client sees where the target interrupts. Without `interruptOnError`, and from an async target, every failure passes. */
  readonly webhook: Effect;
  readonly call: Effect;
  /** The same where a function is invoked, if it differs: what a reply means there is for the function's schema to say. */
  readonly callOfFunction?: Effect;
  /** The endpoint that fails so. `id` tells the cells from each other in what endpoints have seen. */
  readonly target: (endpoints: Endpoints, id: string) => CaseTarget;
}

/** What the tests' own endpoint answers, by the first part of the path. */
const REPLIES: Readonly<Record<string, (call: ReceivedCall) => TargetReply | "hang">> = {
  hang: () => "hang",
  400: () => ({ status: 400, body: { item: "from a refusal", text: "from a refusal" } }),
  404: () => ({ status: 404 }),
  500: () => ({ status: 500, body: { item: "from a failure", text: "from a failure" } }),
  503: () => ({ status: 503, headers: { "retry-after": "1" } }),
  text: () => ({ body: "thank you" }),
  list: () => ({ body: [{ item: "from a list", text: "from a list" }] }),
  "wrong-type": () => ({ body: { item: { of: "another type" }, text: { of: "another type" } } }),
  "only-unknown-fields": () => ({ body: { nonsense: 1 } }),
  "unknown-field": () => ({ body: { item: "with it", text: "with it", nonsense: 1 } }),
  large: () => ({ body: { item: "x".repeat(5_000), text: "x".repeat(5_000) } }),
  loop: ({ path }) => ({ status: 307, headers: { location: path } }),
  found: () => ({ status: 302, headers: { location: "/text" } }),
  refuses: () => ({ body: { forwardedStatusCode: 409, forwardedErrorMessage: "twice" } }),
};

const at =
  (reply: keyof typeof REPLIES, more: Partial<CaseTarget> = {}): Failure["target"] =>
  ({ plain }, id) => ({ ...more, endpoint: `${plain.url}${reply}/${id}` });

const FAILURES: readonly Failure[] = [
  {
    title: "cannot be reached",
    webhook: UNAVAILABLE("could not be reached"),
    call: UNAVAILABLE("could not be reached"),
    // Port 1 is reserved for tcpmux, which nobody runs.
    target: () => ({ endpoint: "http://127.0.0.1:1/" }),
  },
  {
    title: "has a name that does not resolve",
    webhook: UNAVAILABLE("could not be reached"),
    call: UNAVAILABLE("could not be reached"),
    target: () => ({ endpoint: "http://target.invalid/" }),
  },
  {
    title: "lies where calls may not go",
    webhook: UNAVAILABLE("may not be called from here"),
    call: UNAVAILABLE("may not be called from here"),
    target: () => ({ endpoint: "http://10.0.0.1/" }),
  },
  {
    title: "has a certificate that nobody vouches for",
    webhook: UNAVAILABLE("could not be reached safely"),
    call: UNAVAILABLE("could not be reached safely"),
    target: ({ tls }, id) => ({ endpoint: `${tls.url}text/${id}` }),
  },
  {
    title: "wants what nobody can encrypt for it",
    webhook: UNSEALABLE,
    call: UNSEALABLE,
    target: at("text", { payloadType: "jwe", credentials: WITHOUT_KEY }),
  },
  {
    title: "wants a token that nobody grants",
    webhook: UNAVAILABLE("could not be called for want of an access token"),
    call: UNAVAILABLE("could not be called for want of an access token"),
    target: at("text", { credentials: WITHOUT_TOKEN }),
  },
  { title: "does not answer in time", webhook: LATE, call: LATE, target: at("hang", { timeoutMs: 80 }) },
  { title: "answers 400", webhook: FAILED("failed"), call: FAILED("failed"), target: at("400") },
  { title: "answers 404", webhook: FAILED("failed"), call: FAILED("failed"), target: at("404") },
  { title: "answers 500", webhook: FAILED("failed"), call: FAILED("failed"), target: at("500") },
  { title: "answers 503", webhook: FAILED("failed"), call: FAILED("failed"), target: at("503") },
  {
    title: "answers no JSON",
    webhook: "passes",
    call: INVALID("answered what is not a JSON object"),
    callOfFunction: UNREADABLE,
    target: at("text"),
  },
  {
    title: "answers JSON that is no object",
    webhook: "passes",
    call: INVALID("answered what is not a JSON object"),
    callOfFunction: UNREADABLE,
    target: at("list"),
  },
  {
    title: "answers a field of another type",
    webhook: "passes",
    call: INVALID("answered what does not fit the message"),
    callOfFunction: INVALID("answered what does not fit the function"),
    target: at("wrong-type"),
  },
  // Functions have no dialect: their schema says which fields there may be.
  ...([undefined, "patch"] as const).map((replyMode): Failure => ({
    title: `answers a field that there is not, in the dialect v2${replyMode ? ", in patch mode" : ""}`,
    webhook: "passes",
    call: INVALID("answered what does not fit the message"),
    callOfFunction: "passes",
    target: at("unknown-field", { dialect: "v2", replyMode }),
  })),
  {
    title: "answers nothing but a field that there is not, in the dialect v3alpha",
    webhook: "passes",
    call: "passes",
    target: at("only-unknown-fields", { dialect: "v3alpha" }),
  },
  {
    title: "answers more than is read",
    webhook: INVALID("answered more than is read"),
    call: INVALID("answered more than is read"),
    target: at("large"),
  },
  {
    title: "redirects to itself without end",
    webhook: FAILED("redirected to where calls do not follow"),
    call: FAILED("redirected to where calls do not follow"),
    target: at("loop"),
  },
  {
    title: "redirects in a way that would change the call",
    webhook: FAILED("redirected to where calls do not follow"),
    call: FAILED("redirected to where calls do not follow"),
    target: at("found"),
  },
];

/** The kinds of targets, with what each failure of one means. */
const KINDS: readonly {
  readonly title: string;
  readonly target: Pick<CaseTarget, "type" | "interruptOnError">;
  readonly effectOf: (failure: Pick<Failure, "webhook" | "call">) => Effect;
}[] = [
  {
    title: "a webhook that interrupts",
    target: { type: "webhook", interruptOnError: true },
    effectOf: ({ webhook }) => webhook,
  },
  { title: "a webhook", target: { type: "webhook", interruptOnError: false }, effectOf: () => "passes" },
  { title: "a call that interrupts", target: { type: "call", interruptOnError: true }, effectOf: ({ call }) => call },
  { title: "a call", target: { type: "call", interruptOnError: false }, effectOf: () => "passes" },
  { title: "an async target", target: { type: "async", interruptOnError: false }, effectOf: () => "passes" },
];

/** How targets talk, where a cell does not say it. */
const WAYS = [{ dialect: "v3alpha" }, { dialect: "v2" }, { dialect: "v2", replyMode: "patch" }] as const;

/**
 * The way of a cell's target: another one for the same failure in the next protocol, for the next kind of target, and on the other side. Its payload type goes by the failure too,
 * so that none of the ways has always the same one.
 */
function wayOf(place: number, nthFailure: number): Pick<CaseTarget, "dialect" | "replyMode" | "payloadType"> {
  return { ...WAYS[place % WAYS.length], payloadType: payloadTypeOf(place + nthFailure) };
}

const SIDES = ["request", "response"] as const;
const TEA = { item: "tea", count: 1 };
const ANSWER = { text: "1 tea", total: 1 };

/** Endpoints that all cells share. */
interface Endpoints {
  readonly plain: TestTarget;
  readonly tls: TestTarget;
  /** Stands behind the one that fails in each execution, and sees whether the run went on. */
  readonly next: TestTarget;
}

interface World extends Endpoints {
  readonly client: ShopClient;
  readonly shop: RunningShop;
  readonly executions: TestExecutions;
}

describe("what a failure of a target means", { concurrency: true }, () => {
  const suite = forSuite();
  let endpoints: Endpoints | undefined;
  before(async () => {
    const { certFile, keyFile } = await createCertificate(suite);
    const [cert, key] = [await readFile(certFile, "utf8"), await readFile(keyFile, "utf8")];
    const reply = (call: ReceivedCall): TargetReply | "hang" => REPLIES[call.path.split("/")[1] ?? ""]?.(call) ?? {};
    endpoints = {
      plain: await startTarget(suite, reply),
      tls: await startTarget(suite, reply, { cert, key }),
      next: await startTarget(suite),
    };
  });

  for (const [nthHost, host] of HOSTS.entries()) {
    for (const [nthProtocol, protocol] of host.protocols.entries()) {
      describe(`in ${host.name}, by ${protocol}`, { concurrency: false }, () => {
        const own = forSuite();
        let world: World | undefined;
        before(async () => {
          const executions = createTestExecutions(own, { maxReplyBytes: 4_000, resolve: noSuchName });
          const shop = await host.start(own, executions);
          const shared = endpoints ?? assert.fail("the endpoints did not start");
          world = { ...shared, client: shopClient(own, shop.url, protocol), shop, executions };
        });
        const cell = (title: string, check: (world: World, id: string) => Promise<void>): void => {
          const id = encodeURIComponent(`${host.name} ${protocol} ${title}`);
          it(title, () => check(world ?? assert.fail("the host did not start"), id));
        };
        for (const [nthSide, side] of SIDES.entries()) {
          for (const [nthKind, kind] of KINDS.entries()) {
            const place = nthHost + nthProtocol + nthSide + nthKind;
            const way = wayOf(place, FAILURES.length);
            for (const [nthFailure, failure] of FAILURES.entries()) {
              cell(`${side}: ${kind.title} ${failure.title}`, async (cellWorld, id) => {
                const target = { ...wayOf(place, nthFailure), ...failure.target(cellWorld, id), ...kind.target };
                await checkEffect(cellWorld, id, side, target, kind.effectOf(failure));
              });
            }
            cell(`${side}: ${kind.title} asks to refuse`, async (cellWorld, id) => {
              const target = { ...way, ...at("refuses")(cellWorld, id), ...kind.target };
              const refused: Effect = { code: "already_exists", reason: "TARGET_REFUSED", what: "twice" };
              await checkEffect(cellWorld, id, side, target, kind.effectOf({ webhook: refused, call: refused }));
            });
            cell(`${side}: the client goes away while ${kind.title} is called`, async (cellWorld, id) => {
              await checkClientGone(cellWorld, id, side, { ...way, ...at("hang")(cellWorld, id), ...kind.target });
            });
          }
        }
      });
    }
  }

  describe("where a function is invoked", { concurrency: false }, () => {
    const own = forSuite();
    let world: FunctionWorld | undefined;
    before(() => {
      const executions = createTestExecutions(own, { maxReplyBytes: 4_000, resolve: noSuchName });
      const reply = { type: "object", properties: { item: { type: "string" } } };
      const invoke = createInvoker({
        catalog: createFunctionCatalog({ query: () => assert.fail("the store is not asked") }, [
          { name: CASE_FUNCTION, description: "", reply },
        ]),
        snapshot: executions.snapshot,
        run: executions.runner,
        hiddenFields: [],
      });
      world = { ...(endpoints ?? assert.fail("the endpoints did not start")), executions, invoke };
    });
    const cell = (title: string, check: (world: FunctionWorld, id: string) => Promise<void>): void => {
      it(title, () => check(world ?? assert.fail("it did not start"), encodeURIComponent(`function ${title}`)));
    };
    for (const [nthKind, kind] of KINDS.entries()) {
      const way = wayOf(nthKind, FAILURES.length);
      for (const [nthFailure, failure] of FAILURES.entries()) {
        cell(`${kind.title} ${failure.title}`, async (cellWorld, id) => {
          const target = { ...wayOf(nthKind, nthFailure), ...failure.target(cellWorld, id), ...kind.target };
          const call = failure.callOfFunction ?? failure.call;
          await checkEffectOfFunction(cellWorld, id, target, kind.effectOf({ webhook: failure.webhook, call }));
        });
      }
      cell(`${kind.title} asks to refuse`, async (cellWorld, id) => {
        const target = { ...way, ...at("refuses")(cellWorld, id), ...kind.target };
        const refused: Effect = { code: "already_exists", reason: "TARGET_REFUSED", what: "twice" };
        await checkEffectOfFunction(cellWorld, id, target, kind.effectOf({ webhook: refused, call: refused }));
      });
      cell(`the caller goes away while ${kind.title} is called`, async (cellWorld, id) => {
        await checkCallerGone(cellWorld, id, { ...way, ...at("hang")(cellWorld, id), ...kind.target });
      });
    }
  });
});

interface FunctionWorld extends Endpoints {
  readonly executions: TestExecutions;
  readonly invoke: InvokeFunction;
}

const NO_CONTEXT = { instanceId: "1", deadline: undefined, traceparent: undefined, runHeader: undefined };

/** Invokes a function whose first target fails, and checks what its caller is told, and whether the run went on. */
async function checkEffectOfFunction(
  { executions, invoke, next }: FunctionWorld,
  id: string,
  target: CaseTarget,
  effect: Effect,
): Promise<void> {
  executions.set({ function: [target, { endpoint: `${next.url}${id}`, type: "webhook" }] });
  const signal = new AbortController().signal;
  const outcome = await invoke(CASE_FUNCTION, TEA, { ...NO_CONTEXT, signal }).catch((error: unknown) => error);
  const followed = next.calls.filter(({ path }) => path === `/${id}`);
  if (effect === "passes") {
    const fitting = {
      "unknown-field": { item: "with it", text: "with it", nonsense: 1 },
      "only-unknown-fields": { nonsense: 1 },
    };
    const fits = Object.entries(fitting).find(([reply]) => target.endpoint.includes(`/${reply}/`))?.[1];
    assert.deepEqual(outcome, target.type === "call" && fits ? fits : {});
    assert.deepEqual(followed[0]?.body, { function: `function/${CASE_FUNCTION}`, ...TEA });
    return;
  }
  assert.ok(outcome instanceof InterposeError, String(outcome));
  const { code, reason, what } = effect;
  const isRefusal = reason === "TARGET_REFUSED";
  assert.deepEqual([outcome.code, outcome.reason], [code, reason.toLowerCase()]);
  assert.equal(outcome.id, isRefusal ? "EXEC-reUaUZCzCp" : (effect.id ?? "EXEC-dra6yamk98"));
  const text = `^Execution failed: target "function-1" ${what}\\. Run \\d+ has the record\\.$`;
  assert.match(outcome.message, isRefusal ? /^twice$/ : new RegExp(text));
  assert.equal(followed.length, 0, "the next target is not called");
}

/** Lets the caller of a function go away in the middle of a target's call. */
async function checkCallerGone(
  { executions, invoke, plain, next }: FunctionWorld,
  id: string,
  target: CaseTarget,
): Promise<void> {
  executions.set({ function: [target, { endpoint: `${next.url}${id}`, type: "webhook" }] });
  const controller = new AbortController();
  const outcome = invoke(CASE_FUNCTION, TEA, { ...NO_CONTEXT, signal: controller.signal }).catch(
    (error: unknown) => error,
  );
  const called = await eventually("the target is called", () => plain.calls.find(({ path }) => path.endsWith(id)));
  if (target.type === "async") {
    assert.deepEqual(await outcome, {});
    controller.abort();
    assert.equal(called.isGone(), false);
    return;
  }
  controller.abort();
  const error = await outcome;
  assert.ok(error instanceof InterposeError);
  assert.equal(error.code, "cancelled");
  await eventually("the target's call ends", called.isGone);
  assert.equal(next.calls.filter(({ path }) => path === `/${id}`).length, 0, "the next target is not called");
}

/** What the system's resolver says at once where there is a network, and after long where there is none. All other endpoints have addresses. */
function noSuchName(host: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }));
}

/** Makes a call on which a target fails, and checks what the client is told, what the API saw, and whether the run went on. */
async function checkEffect(
  { client, shop, executions, next }: World,
  id: string,
  side: (typeof SIDES)[number],
  target: CaseTarget,
  effect: Effect,
): Promise<void> {
  shop.seen.forget();
  executions.set({ [side]: [target, { endpoint: `${next.url}${id}`, type: "webhook" }] });
  const outcome = await client.order(TEA);
  const followed = next.calls.filter(({ path }) => path === `/${id}`);
  if (effect === "passes") {
    assert.deepEqual(outcome, { kind: "answered", message: ANSWER });
    assert.deepEqual(shop.seen.messages, [TEA]);
    assert.equal(followed.length, 1, "the next target is called");
    assert.deepEqual(followed[0]?.body.request, TEA);
    assert.deepEqual(followed[0].body.response, side === "response" ? ANSWER : undefined);
    return;
  }
  assertRefused(outcome, effect, `${side}-1`);
  const seen: readonly JsonObject[] = side === "request" ? [] : [TEA];
  assert.deepEqual(shop.seen.messages, seen);
  assert.equal(followed.length, 0, "the next target is not called");
}

function assertRefused(outcome: Outcome, effect: Exclude<Effect, "passes">, target: string): void {
  assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
  const { code, reason, what, id = "EXEC-dra6yamk98" } = effect;
  const text =
    reason === "TARGET_REFUSED"
      ? /^twice \(EXEC-reUaUZCzCp\)$/
      : new RegExp(`^Execution failed: target "${target}" ${what}\\. Run \\d+ has the record\\. \\(${id}\\)$`);
  assert.match(outcome.text, text);
  assert.deepEqual([outcome.code, outcome.reason], [code, reason]);
}

/** Lets the client go away in the middle of a target's call. Whatever the target's kind, what is waited for ends, and nothing follows it. */
async function checkClientGone(
  { client, shop, executions, plain, next }: World,
  id: string,
  side: (typeof SIDES)[number],
  target: CaseTarget,
): Promise<void> {
  shop.seen.forget();
  executions.set({ [side]: [target, { endpoint: `${next.url}${id}`, type: "webhook" }] });
  const controller = new AbortController();
  const outcome = client.order(TEA, { signal: controller.signal }).catch((error: unknown) => error);
  const called = await eventually("the target is called", () => plain.calls.find(({ path }) => path.endsWith(id)));
  const followed = (): number => next.calls.filter(({ path }) => path === `/${id}`).length;
  if (target.type === "async") {
    assert.deepEqual(await outcome, { kind: "answered", message: ANSWER });
    controller.abort();
    assert.deepEqual([called.isGone(), followed(), shop.seen.messages.length], [false, 1, 1]);
    return;
  }
  controller.abort();
  await outcome;
  await eventually("the target's call ends", called.isGone);
  assert.equal(followed(), 0, "the next target is not called");
  assert.deepEqual(shop.seen.messages, side === "request" ? [] : [TEA]);
}
