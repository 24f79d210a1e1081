import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { target } from "../test/arbitraries.ts";
import { jsonMessage, type TypeOf } from "../test/json-message.ts";
import type { CallFailure, Exchange, TargetCaller, TargetRequest } from "./call.ts";
import { hookedMessage, type HookedMessage } from "./hooked-message.ts";
import { invocation } from "./invocation.ts";
import type { JsonObject } from "./json.ts";
import { run, type Run } from "./run.ts";
import type { Subject } from "./subject.ts";
import type { Target } from "./target.ts";

const TYPE: TypeOf = { name: { holds: "text" }, user_id: { holds: "text" } };

type Answers = Readonly<Record<string, Exchange | Promise<Exchange>>>;

function replied(body: string | JsonObject): Exchange {
  return { kind: "replied", status: 200, body: typeof body === "string" ? body : JSON.stringify(body), durationMs: 1 };
}

function failed(failure: CallFailure): Exchange {
  return { kind: "failed", failure, detail: "because", durationMs: 1 };
}

interface Checked<S> {
  readonly done: Run<S>;
  /** What each target was sent, by its id. */
  readonly sent: ReadonlyMap<string, TargetRequest>;
}

const message = (): HookedMessage =>
  hookedMessage({
    message: jsonMessage(TYPE, { name: "a", user_id: "1" }),
    envelope: { fullMethod: "/acme.v1.Users/Add", instanceId: "7" },
  });

async function check<S extends Subject<S>>(
  subject: S,
  targets: readonly Target[],
  shadowTargets: readonly string[],
  answers: Answers,
  signal = new AbortController().signal,
): Promise<Checked<S>> {
  const sent = new Map<string, TargetRequest>();
  const answer = (request: TargetRequest): Promise<Exchange> => {
    sent.set(request.target.id, request);
    return Promise.resolve(answers[request.target.id] ?? replied(""));
  };
  const caller: TargetCaller = { call: answer, callInBackground: answer };
  const done = await run({
    runId: "run-1",
    plan: {
      executionId: "request",
      condition: { kind: "request", scope: { kind: "all" } },
      targets,
      options: { runOnErrors: false, hiddenFields: [], shadowTargets },
    },
    subject,
    caller,
    signal,
    now: () => 0,
  });
  return { done, sent };
}

const call = (id: string, given: Partial<Target> = {}): Target => target({ id, type: "call", ...given });

/** What came of the shadow with an id. */
async function shadowOf({ done }: Checked<unknown>, id: string) {
  const record = done.calls.find((each) => each.target.id === id) ?? assert.fail();
  assert.equal(record.effect, "shadow");
  return { record, ...((await record.late) ?? assert.fail()) };
}

function outcomeOf({ done: { outcome } }: Checked<HookedMessage>): JsonObject | string {
  return outcome.kind === "passed" ? outcome.subject.message.json("camel") : outcome.error.reason;
}

describe("a shadow", () => {
  it("is told what the target before it was told, in its own dialect, and applies nothing", async () => {
    const targets = [call("1"), call("2"), call("3", { dialect: "v2" }), call("4")];
    const checked = await check(message(), targets, ["3"], {
      "1": replied({ name: "b" }),
      "2": replied({ name: "c" }),
      "3": replied({ name: "x", userId: "1" }),
      "4": replied({ user_id: "4" }),
    });
    const shown = [...checked.sent.values()].map(({ target: { id }, payload }) => [id, payload.request]);
    assert.deepEqual(Object.fromEntries(shown), {
      "1": { name: "a", user_id: "1" },
      "2": { name: "b", user_id: "1" },
      "3": { name: "b", userId: "1" },
      "4": { name: "c", user_id: "1" },
    });
    assert.deepEqual(outcomeOf(checked), { name: "c", userId: "4" });
    assert.deepEqual(
      checked.done.calls.map(({ target: { id }, effect }) => [id, effect]),
      [
        ["1", "changed"],
        ["2", "changed"],
        ["3", "shadow"],
        ["4", "changed"],
      ],
    );
    const { record, comparison } = await shadowOf(checked, "3");
    assert.equal(record.beside?.id, "2");
    assert.deepEqual(comparison, {
      effect: "changed",
      isSame: false,
      differences: [{ path: "/name", before: "c", after: "x" }],
    });
  });

  it("is told of its purpose, and others are not", async () => {
    const { sent } = await check(message(), [call("1"), call("2")], ["2"], {});
    assert.equal(sent.get("1")?.purpose, undefined);
    assert.equal(sent.get("2")?.purpose, "shadow");
    assert.notEqual(sent.get("1")?.id, sent.get("2")?.id);
  });

  it("is compared with the message as it came, where no target stands before it", async () => {
    const checked = await check(message(), [call("1"), call("2")], ["1"], {
      "1": replied({ name: "b" }),
      "2": replied({ name: "c" }),
    });
    assert.deepEqual(checked.sent.get("2")?.payload.request, { name: "a", user_id: "1" });
    const { record, comparison } = await shadowOf(checked, "1");
    assert.equal(record.beside, undefined);
    assert.deepEqual(comparison?.differences, [{ path: "/name", before: "a", after: "b" }]);
  });

  it("is the same where it comes to the same by another reply", async () => {
    const targets = [call("1"), call("2", { dialect: "v2" }), call("3", { dialect: "v2", replyMode: "patch" })];
    const checked = await check(message(), targets, ["2", "3"], {
      "1": replied({ name: "b" }),
      "2": replied({ name: "b", userId: "1" }),
      "3": replied({ name: "b" }),
    });
    for (const id of ["2", "3"])
      assert.deepEqual((await shadowOf(checked, id)).comparison, { effect: "changed", isSame: true, differences: [] });
  });

  const refusal = replied({ forwardedStatusCode: 403, forwardedErrorMessage: "no" });
  const otherRefusal = replied({ forwardedStatusCode: 404, forwardedErrorMessage: "no" });
  const interrupting: readonly (readonly [name: string, real: Exchange, shadow: Exchange, isSame: boolean])[] = [
    ["both refuse", refusal, refusal, true],
    ["both refuse, with other codes", refusal, otherRefusal, false],
    ["the shadow alone refuses", replied(""), refusal, false],
    ["the shadow alone passes", refusal, replied(""), false],
    ["both fail alike", failed("timeout"), failed("timeout"), true],
    ["both fail in other ways", failed("timeout"), failed("status"), false],
    ["the shadow answers garbage", replied(""), replied("<html>"), false],
    ["the shadow answers what fits no message", replied(""), replied({ name: { a: 1 } }), false],
    ["both have nothing to say", replied(""), replied("{}"), true],
  ];
  for (const [name, real, shadow, isSame] of interrupting) {
    it(`leaves the run as it is and is ${isSame ? "the same" : "other"} where ${name}`, async () => {
      const targets = [call("1"), call("2"), call("3")];
      const with_ = await check(message(), targets, ["2"], { "1": real, "2": shadow });
      const without = await check(message(), [call("1"), call("3")], [], { "1": real });
      assert.deepEqual(outcomeOf(with_), outcomeOf(without));
      assert.equal((await shadowOf(with_, "2")).comparison?.isSame, isSame);
    });
  }

  it("is not waited for, and its answer is compared when it comes", async () => {
    const late = Promise.withResolvers<Exchange>();
    const checked = await check(message(), [call("1"), call("2")], ["2"], { "2": late.promise });
    assert.deepEqual(outcomeOf(checked), { name: "a", userId: "1" });
    late.resolve(replied({ name: "b" }));
    assert.equal((await shadowOf(checked, "2")).comparison?.isSame, false);
  });

  it("is called at the same time as the target beside it, also where that one refuses", async () => {
    const real = Promise.withResolvers<Exchange>();
    const shadow = Promise.withResolvers<Exchange>();
    const sent: string[] = [];
    const running = check(message(), [call("1"), call("2")], ["2"], {
      get "1"() {
        sent.push("1");
        return real.promise;
      },
      get "2"() {
        sent.push("2");
        return shadow.promise;
      },
    });
    assert.deepEqual(sent, ["1", "2"]);
    shadow.resolve(replied(""));
    real.resolve(failed("status"));
    const checked = await running;
    assert.equal(outcomeOf(checked), "target_failed");
    assert.deepEqual((await shadowOf(checked, "2")).comparison, { effect: "none", isSame: false, differences: [] });
  });

  it("of an async target is compared by whether it could be told", async () => {
    const targets = [call("1"), target({ id: "2", type: "async" }), target({ id: "3", type: "async" })];
    const checked = await check(message(), targets, ["2", "3"], {
      "2": replied("<html>"),
      "3": failed("connect"),
    });
    assert.equal((await shadowOf(checked, "2")).comparison?.isSame, true);
    assert.equal((await shadowOf(checked, "3")).comparison?.isSame, false);
  });

  it("of a function is compared by what the output would be", async () => {
    const subject = invocation({ name: "price", input: { net: 1 }, outputOf: (merged) => merged });
    const checked = await check(subject, [call("1"), call("2")], ["2"], {
      "1": replied({ gross: 2 }),
      "2": replied({ gross: 3 }),
    });
    assert.ok(checked.done.outcome.kind === "passed");
    assert.deepEqual(checked.done.outcome.subject.output, { gross: 2 });
    assert.deepEqual((await shadowOf(checked, "2")).comparison?.differences, [{ path: "/gross", before: 2, after: 3 }]);
  });

  it("whose payload cannot be written fails alone", async () => {
    const subject: HookedMessage = {
      ...message(),
      payloadFor: ({ id }) => {
        if (id === "1") throw new Error("no such type");
        return {};
      },
    };
    const checked = await check(subject, [call("1"), call("2")], ["1"], {});
    assert.deepEqual(outcomeOf(checked), { name: "a", userId: "1" });
    assert.equal((await shadowOf(checked, "1")).failure, "exchange");
  });

  it("is not called for a run that is at its end", async () => {
    const { sent } = await check(message(), [call("1"), call("2")], ["2"], {}, AbortSignal.abort());
    assert.deepEqual([...sent.keys()], []);
  });

  const exchange = fc.oneof(
    fc.constantFrom<CallFailure[]>("timeout", "status", "connect").map(failed),
    fc
      .constantFrom<JsonObject | string>(
        "",
        "<html>",
        { name: "b" },
        { name: {} },
        { user_id: "2" },
        { forwardedStatusCode: 403 },
      )
      .map(replied),
  );
  const planned = fc.array(
    fc.record({
      isShadow: fc.boolean(),
      type: fc.constantFrom("webhook" as const, "call" as const, "async" as const),
      interruptOnError: fc.boolean(),
      answer: exchange,
    }),
    { maxLength: 6 },
  );
  it("changes nothing about any run", async () => {
    await fc.assert(
      fc.asyncProperty(planned, async (plan) => {
        const given = plan.map((each, i) => ({ ...each, target: target({ ...each, id: String(i) }) }));
        const answers = Object.fromEntries(given.map(({ target: { id }, answer }) => [id, answer]));
        const real = given.filter(({ isShadow }) => !isShadow);
        const ids = (some: typeof given): readonly string[] => some.map((each) => each.target.id);
        const targetsOf = (some: typeof given): readonly Target[] => some.map((each) => each.target);
        const shadows = ids(given.filter(({ isShadow }) => isShadow));
        const with_ = await check(message(), targetsOf(given), shadows, answers);
        const without = await check(message(), targetsOf(real), [], answers);
        assert.deepEqual(outcomeOf(with_), outcomeOf(without));
        const counted = with_.done.calls.filter(({ effect }) => effect !== "shadow");
        assert.deepEqual(
          counted.map(({ target: { id }, effect, payload }) => [id, effect, payload]),
          without.done.calls.map(({ target: { id }, effect, payload }) => [id, effect, payload]),
        );
        for (const { effect, late } of with_.done.calls) {
          const end = await late;
          assert.equal(end?.comparison !== undefined, effect === "shadow");
        }
      }),
    );
  });
});
