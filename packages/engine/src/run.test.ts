import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { target } from "../test/arbitraries.ts";
import { jsonMessage, type TypeOf } from "../test/json-message.ts";
import type { ApiFailure } from "./api-failure.ts";
import type { CallFailure, Exchange, TargetCaller, TargetRequest } from "./call.ts";
import { DeadlinePassed } from "./deadline.ts";
import type { JsonObject } from "./json.ts";
import { hookedMessage, type HookedMessage, type MessageInCall } from "./hooked-message.ts";
import type { Message } from "./message.ts";
import { run, type Run, type RunInput } from "./run.ts";
import type { Target } from "./target.ts";

const TYPE: TypeOf = { name: { holds: "text" }, user_id: { holds: "text" } };

/** A caller that answers from a table, by the target's id, and remembers what it was asked. */
function callerOf(
  answers: Readonly<Record<string, Exchange>>,
): TargetCaller & { readonly asked: TargetRequest[]; readonly started: TargetRequest[] } {
  const asked: TargetRequest[] = [];
  const started: TargetRequest[] = [];
  return {
    asked,
    started,
    call(request) {
      asked.push(request);
      return Promise.resolve(answers[request.target.id] ?? replied(""));
    },
    callInBackground(request) {
      started.push(request);
      return new Promise(() => undefined);
    },
  };
}

function replied(body: string | JsonObject): Exchange {
  return { kind: "replied", status: 200, body: typeof body === "string" ? body : JSON.stringify(body), durationMs: 1 };
}

function failed(failure: CallFailure, status?: number): Exchange {
  return { kind: "failed", failure, status, detail: "http://secret.internal/hook", durationMs: 1 };
}

async function check(
  targets: readonly Target[],
  answers: Readonly<Record<string, Exchange>>,
  { request, failure, ...rest }: Partial<RunInput<HookedMessage> & MessageInCall> = {},
): Promise<{ done: Run<HookedMessage>; asked: readonly TargetRequest[]; started: readonly TargetRequest[] }> {
  const caller = callerOf(answers);
  const done = await run({
    runId: "run-1",
    plan: { executionId: "request", condition: { kind: "request", scope: { kind: "all" } }, targets },
    subject: hookedMessage({
      message: jsonMessage(TYPE, { name: "a", user_id: "1" }),
      request,
      failure,
      envelope: {
        fullMethod: "/acme.v1.Users/Add",
        instanceId: "7",
        userId: "42",
        orgId: "",
        headers: { Host: ["api"] },
      },
    }),
    caller,
    signal: new AbortController().signal,
    now: () => caller.asked.length,
    ...rest,
  });
  return { done, asked: caller.asked, started: caller.started };
}

function passed({ done }: { done: Run<HookedMessage> }): { message: Message; changed: boolean } {
  assert.ok(done.outcome.kind === "passed");
  return { message: done.outcome.subject.message, changed: done.outcome.changed };
}

const call = (id: string, given: Partial<Target> = {}): Target => target({ id, type: "call", ...given });

describe("run()", () => {
  it("sends the dialect v3alpha proto names, without what is empty and without headers", async () => {
    const { asked } = await check([target({ id: "1" })], {});
    assert.deepEqual(asked[0]?.payload, {
      fullMethod: "/acme.v1.Users/Add",
      instanceID: "7",
      userID: "42",
      request: { name: "a", user_id: "1" },
    });
  });

  it("sends the dialect v2 lowerCamelCase names and headers", async () => {
    const { asked } = await check([target({ id: "1", dialect: "v2" })], {});
    assert.deepEqual(asked[0]?.payload.headers, { Host: ["api"] });
    assert.deepEqual(asked[0].payload.request, { name: "a", userId: "1" });
  });

  it("sends a response beside the request that it answers", async () => {
    const { asked } = await check([target({ id: "1" })], {}, { request: jsonMessage(TYPE, { name: "asked" }) });
    assert.deepEqual(asked[0]?.payload.request, { name: "asked" });
    assert.deepEqual(asked[0].payload.response, { name: "a", user_id: "1" });
  });

  it("gives each target what the ones before made of the message", async () => {
    const result = await check([call("1"), call("2", { dialect: "v2" }), target({ id: "3" })], {
      "1": replied({ name: "b" }),
      "2": replied({ userId: "2" }),
    });
    assert.deepEqual(
      result.asked.map(({ payload }) => payload.request),
      [{ name: "a", user_id: "1" }, { name: "b", userId: "1" }, { user_id: "2" }],
    );
    assert.deepEqual(passed(result).message.json("proto"), { user_id: "2" });
    assert.deepEqual(
      result.done.calls.map(({ effect }) => effect),
      ["changed", "changed", "none"],
    );
  });

  it("keeps what each call was sent, and what its reply made of the message", async () => {
    const { done } = await check([call("1"), target({ id: "2" })], {
      "1": replied({ name: "b" }),
      "2": replied("seen"),
    });
    const [first, second] = done.calls;
    assert.ok(first && second);
    assert.deepEqual(
      [first.payload.request, first.reply, first.beganMs],
      [{ name: "a", user_id: "1" }, '{"name":"b"}', 0],
    );
    assert.deepEqual(first.changedTo?.message.json("proto"), { name: "b", user_id: "1" });
    assert.deepEqual([second.payload.request, second.reply, second.beganMs], [{ name: "b", user_id: "1" }, "seen", 1]);
    assert.equal(second.changedTo, undefined);
  });

  it("gives a webhook's body no meaning", async () => {
    for (const body of ["<html>", '{"name": "b"}', "[]"]) {
      const result = await check([target({ id: "1" })], { "1": replied(body) });
      assert.equal(passed(result).changed, false, body);
    }
  });

  it("leaves the message by an empty reply of a call target", async () => {
    assert.equal(passed(await check([call("1")], { "1": replied("") })).changed, false);
  });

  it("starts async targets, goes on at once, and never fails by them", async () => {
    const result = await check([target({ id: "1", type: "async", interruptOnError: false }), target({ id: "2" })], {
      "1": failed("connect"),
    });
    assert.equal(passed(result).changed, false);
    assert.deepEqual(
      result.started.map(({ target: { id } }) => id),
      ["1"],
    );
    assert.deepEqual(
      result.asked.map(({ target: { id } }) => id),
      ["2"],
    );
  });

  it("gives each call an id of its own, of the run's and its place", async () => {
    const { asked, started } = await check([call("1"), call("2", { type: "async" }), call("1")], {});
    assert.deepEqual(
      [...asked, ...started].map(({ id }) => id),
      ["run-1-1", "run-1-3", "run-1-2"],
    );
  });

  const failures: readonly { failure: CallFailure; code: string; id: string | undefined }[] = [
    { failure: "dns", code: "unavailable", id: "EXEC-dra6yamk98" },
    { failure: "egress_denied", code: "unavailable", id: "EXEC-dra6yamk98" },
    { failure: "connect", code: "unavailable", id: "EXEC-dra6yamk98" },
    { failure: "tls", code: "unavailable", id: "EXEC-dra6yamk98" },
    { failure: "exchange", code: "unavailable", id: "EXEC-dra6yamk98" },
    { failure: "timeout", code: "deadline_exceeded", id: "EXEC-dra6yamk98" },
    { failure: "status", code: "failed_precondition", id: "EXEC-dra6yamk98" },
    { failure: "redirect", code: "failed_precondition", id: "EXEC-dra6yamk98" },
    { failure: "authorization", code: "unavailable", id: "EXEC-dra6yamk98" },
    { failure: "payload_too_large", code: "failed_precondition", id: "EXEC-dra6yamk98" },
    { failure: "unsealable", code: "internal", id: "EXEC-2n8fhs7g" },
    { failure: "reply_too_large", code: "failed_precondition", id: "EXEC-dra6yamk98" },
  ];
  for (const { failure, code, id } of failures) {
    it(`refuses by ${failure} with ${code} where the target interrupts, and calls no other`, async () => {
      const { done, asked } = await check([call("1"), call("2")], { "1": failed(failure, 503) });
      assert.ok(done.outcome.kind === "refused");
      const { error } = done.outcome;
      assert.deepEqual([error.code, error.id], [code, id]);
      assert.ok(
        !error.message.includes("secret") && !JSON.stringify(error.metadata).includes("secret"),
        "the URL stays out of it",
      );
      assert.match(error.message, /run-1/);
      assert.equal(asked.length, 1);
      assert.deepEqual(
        done.calls.map(({ effect }) => effect),
        ["refused"],
      );
    });

    it(`ignores ${failure} where the target does not interrupt, and goes on`, async () => {
      const result = await check([call("1", { interruptOnError: false }), call("2")], {
        "1": failed(failure),
        "2": replied({ name: "b" }),
      });
      assert.deepEqual(passed(result).message.json("proto"), { name: "b", user_id: "1" });
      assert.deepEqual(
        result.done.calls.map(({ effect }) => effect),
        ["ignored", "changed"],
      );
    });
  }

  const badReplies = [
    { name: "is no JSON", body: "<html>", dialect: "v3alpha", failure: "reply_not_json" },
    { name: "is a list", body: "[]", dialect: "v2", failure: "reply_not_json" },
    { name: "has a wrong type", body: '{"name": "b", "user_id": 5}', dialect: "v3alpha", failure: "reply_mismatch" },
    { name: "has an unknown field, in v2", body: '{"name": "b", "nope": 1}', dialect: "v2", failure: "reply_mismatch" },
  ] as const;
  for (const { name, body, dialect, failure } of badReplies) {
    it(`refuses a reply that ${name}, where the target interrupts`, async () => {
      const { done } = await check([call("1", { dialect })], { "1": replied(body) });
      assert.ok(done.outcome.kind === "refused");
      assert.equal(done.outcome.error.code, "failed_precondition");
      assert.equal(done.calls[0]?.failure, failure);
    });

    it(`leaves the message whole by a reply that ${name}, where it does not`, async () => {
      const result = await check([call("1", { dialect, interruptOnError: false })], { "1": replied(body) });
      assert.deepEqual(passed(result).message.json("proto"), { name: "a", user_id: "1" });
    });
  }

  for (const type of ["webhook", "call"] as const) {
    it(`lets a ${type} refuse with a status and a text of its own`, async () => {
      const { done } = await check([target({ id: "1", type })], {
        "1": replied({ forwardedStatusCode: 404, forwardedErrorMessage: "hidden" }),
      });
      assert.ok(done.outcome.kind === "refused");
      const { code, message, id } = done.outcome.error;
      assert.deepEqual({ code, message, id }, { code: "not_found", message: "hidden", id: "EXEC-reUaUZCzCp" });
    });
  }

  it("does not let a target refuse that does not interrupt", async () => {
    const result = await check([call("1", { interruptOnError: false })], {
      "1": replied({ forwardedStatusCode: 404 }),
    });
    assert.equal(passed(result).changed, false);
    assert.equal(result.done.calls[0]?.failure, "refused");
  });

  describe("for an error of the API", () => {
    const failure: ApiFailure = {
      code: "not_found",
      message: "no such user",
      details: (spelling) => [{ "@type": "t/a.B", [spelling === "proto" ? "user_id" : "userId"]: "1" }],
    };

    it("shows it in place of the response, in each dialect's spelling", async () => {
      const { asked } = await check([target({ id: "1" }), target({ id: "2", dialect: "v2" })], {}, { failure });
      const shown = { code: "NOT_FOUND", message: "no such user" };
      assert.deepEqual(asked[0]?.payload, {
        fullMethod: "/acme.v1.Users/Add",
        instanceID: "7",
        userID: "42",
        request: { name: "a", user_id: "1" },
        error: { ...shown, details: [{ "@type": "t/a.B", user_id: "1" }] },
      });
      assert.deepEqual(asked[1]?.payload.error, { ...shown, details: [{ "@type": "t/a.B", userId: "1" }] });
      assert.equal(asked[1].payload.response, undefined);
    });

    it("leaves out what is empty of it", async () => {
      const { asked } = await check(
        [target({ id: "1" })],
        {},
        { failure: { code: "unknown", message: "", details: () => [] } },
      );
      assert.deepEqual(asked[0]?.payload.error, { code: "UNKNOWN" });
    });

    it("gives a reply no meaning beyond a refusal", async () => {
      const result = await check(
        [call("1"), call("2", { dialect: "v2" }), target({ id: "3" })],
        { "1": replied({ name: "b", error: {} }), "2": replied({ nope: 1 }) },
        { failure },
      );
      assert.equal(passed(result).changed, false);
      assert.deepEqual(
        result.done.calls.map(({ effect }) => effect),
        ["none", "none", "none"],
      );
      assert.deepEqual(result.asked[2]?.payload.request, { name: "a", user_id: "1" });
    });

    it("lets a target that interrupts refuse, or fail, in its place, and no other", async () => {
      const ends: readonly (readonly [Exchange, string])[] = [
        [replied({ forwardedStatusCode: 403 }), "permission_denied"],
        [failed("connect"), "unavailable"],
        [replied("<html>"), "failed_precondition"],
      ];
      for (const [exchange, code] of ends) {
        const { done } = await check([call("1"), call("2")], { "1": exchange }, { failure });
        assert.ok(done.outcome.kind === "refused");
        assert.equal(done.outcome.error.code, code);
        const ignored = await check(
          [call("1", { interruptOnError: false }), call("2")],
          { "1": exchange },
          { failure },
        );
        assert.equal(passed(ignored).changed, false);
        assert.equal(ignored.asked.length, 2);
      }
    });
  });

  it("ends when the caller goes away, whether the target interrupts or not", async () => {
    const { done, asked } = await check([call("1", { interruptOnError: false }), call("2")], {
      "1": failed("cancelled"),
    });
    assert.ok(done.outcome.kind === "refused");
    assert.equal(done.outcome.error.code, "cancelled");
    assert.equal(asked.length, 1);
  });

  it("gives each call the chain of runs that led to it", async () => {
    const { asked, started } = await check([call("1"), target({ id: "2", type: "async" })], {}, { chain: "signed" });
    assert.deepEqual([asked[0]?.chain, started[0]?.chain], ["signed", "signed"]);
  });
});

describe("run(), at the end of its time", () => {
  const ends: readonly { title: string; reason: Error; code: string; failure: CallFailure }[] = [
    { title: "the deadline", reason: new DeadlinePassed("60 s"), code: "deadline_exceeded", failure: "deadline" },
    { title: "a caller that is gone", reason: new Error("gone"), code: "cancelled", failure: "cancelled" },
  ];

  for (const { title, reason, code, failure } of ends) {
    it(`calls nobody past ${title}`, async () => {
      const targets = [call("1"), target({ id: "2", type: "async" })];
      const { done, asked, started } = await check(targets, {}, { signal: AbortSignal.abort(reason) });
      assert.ok(done.outcome.kind === "refused");
      assert.equal(done.outcome.error.code, code);
      assert.equal(asked.length + started.length, 0);
      assert.deepEqual(done.calls, []);
    });

    for (const [during, exchange] of [
      [failure, failed(failure)],
      ["timeout", failed("timeout")],
    ] as const) {
      it(`is refused by ${title} while a target is called that fails by ${during} and would be ignored`, async () => {
        const end = new AbortController();
        const asked: string[] = [];
        const caller: TargetCaller = {
          call(request) {
            asked.push(request.target.id);
            if (request.target.id === "2") end.abort(reason);
            return Promise.resolve(request.target.id === "2" ? exchange : replied({ name: "b" }));
          },
          callInBackground: () => assert.fail("the target behind it is not called"),
        };
        const ignored = { interruptOnError: false };
        const targets = [call("1"), call("2", ignored), call("3"), target({ id: "4", type: "async" })];
        const { done } = await check(targets, {}, { caller, signal: end.signal });
        assert.ok(done.outcome.kind === "refused");
        assert.equal(done.outcome.error.code, code);
        assert.deepEqual(done.outcome.error.metadata, { runId: "run-1", targetId: "2" });
        assert.deepEqual(asked, ["1", "2"]);
        assert.deepEqual(
          done.calls.map(({ effect, failure: each }) => [effect, each]),
          [
            ["changed", undefined],
            ["refused", during],
          ],
        );
      });
    }
  }

  it("names the run, where its time is over, under a reason of its own", async () => {
    const { done } = await check([call("1")], {}, { signal: AbortSignal.abort(new DeadlinePassed("60 s")) });
    assert.ok(done.outcome.kind === "refused");
    assert.equal(done.outcome.error.reason, "run_timed_out");
    assert.match(done.outcome.error.message, /run-1/);
  });

  it("lets an answer count that came before the end, where no target is left", async () => {
    const end = new AbortController();
    const caller: TargetCaller = {
      call() {
        end.abort(new DeadlinePassed("60 s"));
        return Promise.resolve(replied({ name: "b" }));
      },
      callInBackground: () => new Promise(() => undefined),
    };
    const result = await check([call("1")], {}, { caller, signal: end.signal });
    assert.deepEqual(passed(result).message.json("proto"), { name: "b", user_id: "1" });
  });
});
