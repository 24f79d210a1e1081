import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { target } from "../test/arbitraries.ts";
import type { Exchange, TargetRequest } from "./call.ts";
import { invocation, type Invocation, type InvokedFunction } from "./invocation.ts";
import type { JsonObject } from "./json.ts";
import { mergeJson } from "./merge-json.ts";
import { MessageMismatch } from "./message.ts";
import { run, type Run } from "./run.ts";
import type { Target } from "./target.ts";

const INPUT = { user: { id: "1" }, amount: 7 };
const call = (id: string, given: Partial<Target> = {}): Target => target({ id, type: "call", ...given });

/** Invokes a function whose targets answer from a table, by their ids. */
async function check(
  targets: readonly Target[],
  answers: Readonly<Record<string, string | JsonObject>>,
  given: Partial<InvokedFunction> = {},
): Promise<{ readonly done: Run<Invocation>; readonly asked: readonly TargetRequest[] }> {
  const asked: TargetRequest[] = [];
  const done = await run({
    runId: "run-1",
    plan: { executionId: "function/price", condition: { kind: "function", name: "price" }, targets },
    subject: invocation({ name: "price", input: INPUT, outputOf: (merged) => merged, ...given }),
    caller: {
      call(request) {
        asked.push(request);
        const answer = answers[request.target.id] ?? "";
        const body = typeof answer === "string" ? answer : JSON.stringify(answer);
        return Promise.resolve<Exchange>({ kind: "replied", status: 200, body, durationMs: 1 });
      },
      callInBackground(request) {
        asked.push(request);
        return new Promise(() => undefined);
      },
    },
    now: () => 0,
    signal: new AbortController().signal,
  });
  return { done, asked };
}

function outputOf({ done }: { readonly done: Run<Invocation> }): JsonObject {
  assert.ok(done.outcome.kind === "passed");
  return done.outcome.subject.output;
}

describe("the run of a function", () => {
  it("tells each target the function's id and the same input, whatever its dialect and whatever others answered", async () => {
    const { asked } = await check(
      [call("1"), call("2", { dialect: "v2" }), target({ id: "3" }), target({ id: "4", type: "async" })],
      { "1": { amount: 8 } },
    );
    assert.equal(asked.length, 4);
    for (const { payload } of asked) {
      assert.deepEqual(payload, { function: "function/price", ...INPUT });
      assert.equal(Object.keys(payload)[0], "function");
    }
  });

  it("lets no input speak in the name of another function", async () => {
    const { asked } = await check([call("1")], {}, { input: { function: "function/other", a: 1 } });
    assert.deepEqual(asked[0]?.payload, { function: "function/price", a: 1 });
  });

  it("begins with an empty output, which stays where nobody replies", async () => {
    const result = await check([call("1"), target({ id: "2" })], { "1": "", "2": { a: 1 } });
    assert.deepEqual(outputOf(result), {});
    assert.ok(result.done.outcome.kind === "passed" && !result.done.outcome.changed);
  });

  it("merges replies in the order of the targets", async () => {
    const result = await check([call("1"), call("2", { dialect: "v2" })], {
      "1": { list: [1, 2], deep: { a: 1 }, text: "x" },
      "2": { list: [3], deep: { b: 2 } },
    });
    assert.deepEqual(outputOf(result), { list: [3], deep: { a: 1, b: 2 }, text: "x" });
  });

  const tooDeep = `${'{"a":'.repeat(103)}1${"}".repeat(103)}`;
  const refused = [
    {
      name: "no JSON",
      body: "<html>",
      failure: "reply_not_json",
      id: "ACTION-4m9s2",
      says: /answered what is not a JSON object/,
    },
    {
      name: "a list",
      body: "[]",
      failure: "reply_not_json",
      id: "ACTION-4m9s2",
      says: /answered what is not a JSON object/,
    },
    {
      name: "what breaks the rules",
      body: '{"bad": 1}',
      failure: "reply_mismatch",
      id: "EXEC-dra6yamk98",
      says: /does not fit the function/,
    },
    {
      name: "a number that is too large",
      body: '{"a": [1e999]}',
      failure: "reply_mismatch",
      id: "EXEC-dra6yamk98",
      says: /does not fit the function/,
    },
    {
      name: "what is nested too deep",
      body: tooDeep,
      failure: "reply_mismatch",
      id: "EXEC-dra6yamk98",
      says: /does not fit the function/,
    },
  ] as const;
  const outputOfGood = (merged: JsonObject): JsonObject => {
    if ("bad" in merged) throw new MessageMismatch("bad is not allowed");
    return merged;
  };
  for (const { name, body, failure, id, says } of refused) {
    it(`is refused by a reply that is ${name}, where the target interrupts`, async () => {
      const { done, asked } = await check([call("1"), call("2")], { "1": body }, { outputOf: outputOfGood });
      assert.ok(done.outcome.kind === "refused");
      const { code, id: given, message, key } = done.outcome.error;
      assert.deepEqual([code, given], ["failed_precondition", id]);
      if (failure === "reply_not_json") assert.equal(key, "Errors.Execution.ResponseIsNotValidJSON");
      assert.match(message, says);
      assert.equal(done.calls[0]?.failure, failure);
      assert.equal(asked.length, 1);
    });

    it(`leaves the output as it was by a reply that is ${name}, where it does not`, async () => {
      const targets = [call("1"), call("2", { interruptOnError: false }), call("3")];
      const result = await check(targets, { "1": { a: 1 }, "2": body, "3": { b: 2 } }, { outputOf: outputOfGood });
      assert.deepEqual(outputOf(result), { a: 1, b: 2 });
      assert.deepEqual(
        result.done.calls.map(({ effect }) => effect),
        ["changed", "ignored", "changed"],
      );
    });
  }

  it("holds the rules against what replies come to together, and answers what they make of it", async () => {
    const seen: JsonObject[] = [];
    const result = await check(
      [call("1"), call("2")],
      { "1": { a: 1 }, "2": { b: 2 } },
      {
        outputOf(merged) {
          seen.push(merged);
          return { ...merged, checked: true };
        },
      },
    );
    assert.deepEqual(seen, [{ a: 1 }, { a: 1, b: 2, checked: true }]);
    assert.deepEqual(outputOf(result), { a: 1, b: 2, checked: true });
  });

  it("lets a target refuse with a status and a text of its own", async () => {
    const { done } = await check([target({ id: "1" })], {
      "1": { forwardedStatusCode: 403, forwardedErrorMessage: "no" },
    });
    assert.ok(done.outcome.kind === "refused");
    assert.deepEqual([done.outcome.error.code, done.outcome.error.message], ["permission_denied", "no"]);
  });

  it("answers what merging all replies that count answers, whatever they are", async () => {
    const json = fc
      .dictionary(fc.constantFrom("a", "b"), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 })
      .map((each) => JSON.parse(JSON.stringify(each)) as JsonObject);
    const reply = fc.record({
      type: fc.constantFrom("call" as const, "webhook" as const, "async" as const),
      answer: fc.oneof(json, fc.constant("<html>"), fc.constant("")),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { maxLength: 5 }), async (replies) => {
        const targets = replies.map(({ type }, i) => target({ id: String(i), type, interruptOnError: false }));
        const answers = Object.fromEntries(replies.map(({ answer }, i) => [String(i), answer]));
        const counting = replies.flatMap(({ type, answer }) =>
          type === "call" && typeof answer !== "string" ? [answer] : [],
        );
        assert.deepEqual(outputOf(await check(targets, answers)), counting.reduce(mergeJson, {}));
      }),
      { numRuns: 200 },
    );
  });
});
