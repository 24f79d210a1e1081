// What each reply comes to: in both dialects and in patch mode, from webhooks and call targets, for requests, responses, errors of the API and functions. What is expected
// stands here case by case, and nothing of it is taken from the code that decides.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { target } from "../test/arbitraries.ts";
import { jsonMessage, type TypeOf } from "../test/json-message.ts";
import type { CallFailure, Exchange } from "./call.ts";
import { hookedMessage, type HookedMessage, type MessageInCall } from "./hooked-message.ts";
import { invocation } from "./invocation.ts";
import type { JsonObject } from "./json.ts";
import { MessageMismatch } from "./message.ts";
import { run, type Run, type RunOutcome } from "./run.ts";
import type { Subject } from "./subject.ts";
import type { Target } from "./target.ts";

const INNER: TypeOf = { first_name: { holds: "text" }, last_name: { holds: "text" } };
const TYPE: TypeOf = {
  user_id: { holds: "text" },
  tags: { holds: "list" },
  labels: { holds: "map" },
  person: { holds: INNER },
  by_name: { holds: "text", oneof: "by" },
  by_mail: { holds: "text", oneof: "by" },
};
const BEFORE: JsonObject = {
  user_id: "1",
  tags: ["a", "b"],
  labels: { x: "1", y: "2" },
  person: { first_name: "Ada", last_name: "L" },
  by_name: "ada",
};

/** The ways of applying a reply to a message. */
const WAYS = {
  v3alpha: { dialect: "v3alpha" },
  "v3alpha, patch": { dialect: "v3alpha", replyMode: "patch" },
  v2: { dialect: "v2" },
  "v2, patch": { dialect: "v2", replyMode: "patch" },
} as const satisfies Record<string, Partial<Target>>;
type Way = keyof typeof WAYS;

/** The message afterwards, or how the target failed. */
type Expected = JsonObject | CallFailure;

/** Where v3alpha has no patch of its own: each of its replies is one. */
const merged = (
  v3alpha: Expected,
  more: { readonly v2: Expected; readonly patch?: Expected },
): Record<Way, Expected> => ({
  v3alpha,
  "v3alpha, patch": v3alpha,
  v2: more.v2,
  "v2, patch": more.patch ?? v3alpha,
});
const always = (expected: Expected): Record<Way, Expected> => merged(expected, { v2: expected });

const CASES: readonly { readonly reply: string; readonly gives: Readonly<Record<Way, Expected>> }[] = [
  { reply: "", gives: always(BEFORE) },
  { reply: " \r\n", gives: always(BEFORE) },
  { reply: "{}", gives: merged(BEFORE, { v2: {} }) },
  { reply: '{"userId": "2"}', gives: merged({ ...BEFORE, user_id: "2" }, { v2: { user_id: "2" } }) },
  { reply: '{"user_id": "2"}', gives: merged({ ...BEFORE, user_id: "2" }, { v2: { user_id: "2" } }) },
  {
    reply: '{"USER_ID": "2"}',
    gives: merged({ ...BEFORE, user_id: "2" }, { v2: "reply_mismatch", patch: "reply_mismatch" }),
  },
  { reply: '{"tags": ["c"]}', gives: merged({ ...BEFORE, tags: ["c"] }, { v2: { tags: ["c"] } }) },
  { reply: '{"tags": []}', gives: merged({ ...BEFORE, tags: [] }, { v2: { tags: [] } }) },
  {
    reply: '{"person": {"lastName": "M"}}',
    gives: merged({ ...BEFORE, person: { first_name: "Ada", last_name: "M" } }, { v2: { person: { last_name: "M" } } }),
  },
  {
    reply: '{"labels": {"y": "3", "z": "4"}}',
    gives: merged({ ...BEFORE, labels: { x: "1", y: "3", z: "4" } }, { v2: { labels: { y: "3", z: "4" } } }),
  },
  {
    reply: '{"byMail": "a@b.c"}',
    gives: merged(
      Object.fromEntries(Object.entries({ ...BEFORE, by_mail: "a@b.c" }).filter(([key]) => key !== "by_name")),
      { v2: { by_mail: "a@b.c" } },
    ),
  },
  { reply: '{"nope": 1}', gives: merged(BEFORE, { v2: "reply_mismatch", patch: "reply_mismatch" }) },
  { reply: '{"nope": null}', gives: merged(BEFORE, { v2: "reply_mismatch", patch: "reply_mismatch" }) },
  {
    reply: '{"userId": "2", "person": {"nope": 1}}',
    gives: merged({ ...BEFORE, user_id: "2" }, { v2: "reply_mismatch", patch: "reply_mismatch" }),
  },
  { reply: '{"userId": "2", "tags": "c"}', gives: always("reply_mismatch") },
  { reply: '{"userId": "2", "person": []}', gives: always("reply_mismatch") },
  ...["<html>", '{"userId": "2"', "[]", "null", "true", "1", '"text"', '{"userId": "2"} trailing'].map((reply) => ({
    reply,
    gives: always("reply_not_json"),
  })),
];

/** Where a reply clears: RFC 7396, for all but the dialect v2 without patch, in which what a test's plain JSON makes of null is of no interest. */
const CLEARING: readonly { readonly reply: string; readonly gives: JsonObject }[] = [
  { reply: '{"userId": null}', gives: without(BEFORE, "user_id") },
  { reply: '{"person": null}', gives: without(BEFORE, "person") },
  { reply: '{"person": {"firstName": null}}', gives: { ...BEFORE, person: { last_name: "L" } } },
  { reply: '{"labels": {"x": null}}', gives: { ...BEFORE, labels: { y: "2" } } },
  { reply: '{"byName": null}', gives: without(BEFORE, "by_name") },
  { reply: '{"byMail": null}', gives: BEFORE },
];

function without(json: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(json).filter(([key]) => key !== name));
}

const SIDES = ["request", "response"] as const;

async function exchangeWith<S extends Subject<S>>(
  subject: S,
  given: Partial<Target>,
  exchange: Exchange,
): Promise<Run<S>> {
  return run({
    runId: "17",
    plan: {
      executionId: "request",
      condition: { kind: "request", scope: { kind: "all" } },
      targets: [target({ id: "1", ...given })],
    },
    subject,
    caller: { call: () => Promise.resolve(exchange), callInBackground: () => assert.fail("nothing is async") },
    now: () => 0,
    signal: new AbortController().signal,
  });
}

function replied(body: string): Exchange {
  return { kind: "replied", status: 200, body, durationMs: 1 };
}

/** A message as each side has it: a request alone, or a response with the request that it answers. */
function messageOn(side: (typeof SIDES)[number], more: Partial<MessageInCall> = {}) {
  return hookedMessage({
    message: jsonMessage(TYPE, BEFORE),
    ...(side === "response" && { request: jsonMessage(TYPE, { user_id: "asked" }) }),
    envelope: { fullMethod: "/acme.v1.Users/Add", instanceId: "7" },
    ...more,
  });
}

function refusalOf(outcome: RunOutcome<unknown>): { code: string; reason: string; id: string | undefined } {
  assert.ok(outcome.kind === "refused", outcome.kind);
  const { code, reason, id } = outcome.error;
  return { code, reason, id };
}

describe("what a reply comes to", () => {
  for (const side of SIDES) {
    for (const way of Object.keys(WAYS) as Way[]) {
      const check = async (reply: string, expected: Expected): Promise<void> => {
        for (const interruptOnError of [true, false]) {
          const done = await exchangeWith(
            messageOn(side),
            { ...WAYS[way], type: "call", interruptOnError },
            replied(reply),
          );
          const isFailure = typeof expected === "string";
          assert.equal(done.calls[0]?.failure, isFailure ? expected : undefined);
          if (isFailure && interruptOnError) {
            const invalid = { code: "failed_precondition", reason: "target_reply_invalid", id: "EXEC-dra6yamk98" };
            assert.deepEqual(refusalOf(done.outcome), invalid);
            continue;
          }
          assert.ok(done.outcome.kind === "passed");
          assert.deepEqual(done.outcome.subject.message.json("proto"), isFailure ? BEFORE : expected);
        }
      };
      describe(`of a call target, for a ${side}, in ${way}`, () => {
        for (const { reply, gives } of CASES) {
          const expected = gives[way];
          it(`${JSON.stringify(reply)} ${typeof expected === "string" ? `is ${expected}` : "is applied"}`, () =>
            check(reply, expected));
        }
        if (way === "v2") return;
        for (const { reply, gives } of CLEARING) it(`${reply} clears`, () => check(reply, gives));
      });

      it(`of a webhook, for a ${side}, in ${way}: nothing, whatever it is`, async () => {
        for (const { reply } of [...CASES, ...CLEARING]) {
          const done = await exchangeWith(messageOn(side), { ...WAYS[way], type: "webhook" }, replied(reply));
          assert.ok(done.outcome.kind === "passed", reply);
          assert.deepEqual([done.outcome.changed, done.calls[0]?.effect], [false, "none"], reply);
        }
      });
    }
  }

  it("for an error of the API: nothing, but that what can't be read is a failure of a call target", async () => {
    const failure = { code: "not_found", message: "", details: () => [] } as const;
    for (const way of Object.values(WAYS)) {
      for (const { reply, gives } of CASES) {
        const done = await exchangeWith(messageOn("request", { failure }), { ...way, type: "call" }, replied(reply));
        if (gives.v2 === "reply_not_json") assert.equal(refusalOf(done.outcome).reason, "target_reply_invalid");
        else assert.ok(done.outcome.kind === "passed" && !done.outcome.changed, reply);
      }
    }
  });
});

describe("a reply that asks to refuse", () => {
  const FORWARDED = "EXEC-reUaUZCzCp";
  const OTHER = "EXEC-bmhNhpcqpF";
  const refusals: readonly { reply: string; code: string; id: string; text?: string }[] = [
    ...[
      [400, "invalid_argument"],
      [401, "unauthenticated"],
      [403, "permission_denied"],
      [404, "not_found"],
      [409, "already_exists"],
      [429, "resource_exhausted"],
      [402, "unknown"],
      [422, "unknown"],
      [499, "unknown"],
    ].map(([status, code]) => ({
      reply: `{"forwardedStatusCode": ${status}, "forwardedErrorMessage": "no"}`,
      code: String(code),
      id: FORWARDED,
      text: "no",
    })),
    ...[-1, 1, 200, 302, 399, 500, 503, 403.5].map((status) => ({
      reply: `{"forwardedStatusCode": ${status}, "forwardedErrorMessage": "no"}`,
      code: "failed_precondition",
      id: OTHER,
      text: "no",
    })),
    { reply: '{"forwardedErrorMessage": "no"}', code: "failed_precondition", id: OTHER, text: "no" },
    { reply: '{"forwardedStatusCode": 0, "forwardedErrorMessage": "no"}', code: "failed_precondition", id: OTHER },
    { reply: '{"forwardedStatusCode": 403}', code: "permission_denied", id: FORWARDED },
    { reply: '{"forwardedStatusCode": 403, "userId": "2"}', code: "permission_denied", id: FORWARDED },
    { reply: '{"ForwardedStatusCode": 403, "FORWARDEDERRORMESSAGE": "no"}', code: "permission_denied", id: FORWARDED },
  ];
  const none = ['{"forwardedStatusCode": 0}', '{"forwardedErrorMessage": ""}', '{"forwardedStatusCode": "403"}'];

  const failure = { code: "not_found", message: "", details: () => [] } as const;
  const subjects = {
    "a request": () => messageOn("request"),
    "a response": () => messageOn("response"),
    "an error of the API": () => messageOn("request", { failure }),
  };
  for (const [what, subject] of Object.entries(subjects)) {
    for (const type of ["webhook", "call"] as const) {
      it(`is one for ${what}, from a ${type}, in every dialect, where the target interrupts, and else is ignored`, async () => {
        for (const way of Object.values(WAYS)) {
          for (const { reply, code, id, text } of refusals) {
            const done = await exchangeWith(subject(), { ...way, type }, replied(reply));
            assert.deepEqual(refusalOf(done.outcome), { code, reason: "target_refused", id }, reply);
            if (text !== undefined && done.outcome.kind === "refused") assert.equal(done.outcome.error.message, text);
            assert.equal(done.calls[0]?.failure, "refused");
            const quiet = await exchangeWith(subject(), { ...way, type, interruptOnError: false }, replied(reply));
            assert.ok(quiet.outcome.kind === "passed" && !quiet.outcome.changed, reply);
            assert.deepEqual([quiet.calls[0]?.effect, quiet.calls[0]?.failure], ["ignored", "refused"]);
          }
        }
      });
    }
  }

  it("is one where a function is invoked", async () => {
    for (const type of ["webhook", "call"] as const) {
      for (const { reply, code, id } of refusals) {
        const done = await exchangeWith(priceOf(), { type }, replied(reply));
        assert.deepEqual(refusalOf(done.outcome), { code, reason: "target_refused", id }, reply);
        const quiet = await exchangeWith(priceOf(), { type, interruptOnError: false }, replied(reply));
        assert.ok(quiet.outcome.kind === "passed" && !quiet.outcome.changed, reply);
      }
    }
  });

  it("is none by a value that asks for nothing: that is data, which has no such field", async () => {
    for (const reply of none) {
      const watched = await exchangeWith(messageOn("request"), { type: "webhook", dialect: "v2" }, replied(reply));
      assert.ok(watched.outcome.kind === "passed");
      const called = await exchangeWith(messageOn("request"), { type: "call", dialect: "v2" }, replied(reply));
      assert.equal(called.calls[0]?.failure, "reply_mismatch");
    }
  });

  it("has no effect beside a status that is not 2xx, of which the body is not looked at", async () => {
    for (const way of Object.values(WAYS)) {
      for (const status of [301, 400, 403, 500, 503]) {
        const exchange: Exchange = {
          kind: "failed",
          failure: "status",
          status,
          detail: `answered ${status}`,
          durationMs: 1,
        };
        for (const type of ["webhook", "call"] as const) {
          const done: Run<HookedMessage> = await exchangeWith(messageOn("request"), { ...way, type }, exchange);
          const failed = { code: "failed_precondition", reason: "target_failed", id: "EXEC-dra6yamk98" };
          assert.deepEqual(refusalOf(done.outcome), failed);
        }
      }
    }
  });
});

function priceOf(output?: JsonObject) {
  const outputOf = (merging: JsonObject): JsonObject => {
    if ("bad" in merging) throw new MessageMismatch("bad is not allowed");
    return merging;
  };
  const empty = invocation({ name: "price", input: {}, outputOf });
  return output ? (empty.repliedBy(target({ id: "0", type: "call" }), output) ?? assert.fail()) : empty;
}

describe("what the reply of a call target comes to, where a function is invoked", () => {
  const OUTPUT: JsonObject = { list: [1, 2], deep: { a: 1, b: null }, text: "x" };
  const cases: readonly { reply: string; gives: Expected; patch?: Expected; id?: string }[] = [
    { reply: "", gives: OUTPUT },
    { reply: "{}", gives: OUTPUT },
    { reply: '{"list": [3]}', gives: { ...OUTPUT, list: [3] } },
    { reply: '{"deep": {"c": 2}}', gives: { ...OUTPUT, deep: { a: 1, b: null, c: 2 } } },
    { reply: '{"text": null}', gives: { ...OUTPUT, text: null }, patch: without(OUTPUT, "text") },
    {
      reply: '{"deep": {"a": null, "new": null}}',
      gives: { ...OUTPUT, deep: { a: null, b: null, new: null } },
      patch: { ...OUTPUT, deep: { b: null } },
    },
    { reply: '{"list": [null]}', gives: { ...OUTPUT, list: [null] } },
    { reply: "<html>", gives: "reply_not_json", id: "ACTION-4m9s2" },
    { reply: "[]", gives: "reply_not_json", id: "ACTION-4m9s2" },
    { reply: "null", gives: "reply_not_json", id: "ACTION-4m9s2" },
    { reply: '{"bad": 1}', gives: "reply_mismatch", id: "EXEC-dra6yamk98" },
    { reply: '{"a": 1e999}', gives: "reply_mismatch", id: "EXEC-dra6yamk98" },
  ];
  for (const [way, given] of Object.entries(WAYS)) {
    for (const { reply, gives, patch = gives, id } of cases) {
      it(`${JSON.stringify(reply)}, in ${way}`, async () => {
        const expected = way.endsWith("patch") ? patch : gives;
        for (const interruptOnError of [true, false]) {
          const done = await exchangeWith(
            priceOf(OUTPUT),
            { ...given, type: "call", interruptOnError },
            replied(reply),
          );
          if (typeof expected === "string") assert.equal(done.calls[0]?.failure, expected);
          if (typeof expected === "string" && interruptOnError) {
            const invalid = { code: "failed_precondition", reason: "target_reply_invalid", id };
            assert.deepEqual(refusalOf(done.outcome), invalid);
            continue;
          }
          assert.ok(done.outcome.kind === "passed");
          assert.deepEqual(done.outcome.subject.output, typeof expected === "string" ? OUTPUT : expected);
        }
      });
    }
    it(`nothing from a webhook, in ${way}`, async () => {
      for (const { reply } of cases) {
        const done = await exchangeWith(priceOf(OUTPUT), { ...given, type: "webhook" }, replied(reply));
        assert.ok(done.outcome.kind === "passed" && !done.outcome.changed, reply);
      }
    });
  }
});
