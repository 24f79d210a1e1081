import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CallEffect, RunSide } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { explainSubjectOf, inEarnest, matchText, subjectOf } from "./run-words.ts";

const METHOD = "/acme.v1.Users/Add";

describe("matchText()", () => {
  for (const [executionId, pattern] of [
    ["request/acme.v1.Users/Add", /names this very method/],
    ["request/acme.v2.Users/Add", /in another version of its package/],
    ["request/acme.v2.Users", /and for those of the service's other versions/],
    ["response/acme.v1.Users", /all methods of acme\.v1\.Users, and no execution is for this method alone/],
    ["request", /for all methods, and no execution is for this method or its service/],
  ] as const) {
    it(`says why ${executionId} was matched`, () =>
      assert.match(matchText({ executionId, method: METHOD, function: "" }), pattern));
  }

  it("names a function", () =>
    assert.equal(
      matchText({ executionId: "function/hello", method: "", function: "hello" }),
      "It is for the function hello.",
    ));
});

describe("inEarnest()", () => {
  const shadow = { effect: CallEffect.SHADOW, shadowEffect: CallEffect.CHANGED };
  it("says what a shadow would have come to, and whether that is the same", () => {
    const words = "changed the message";
    const [same, other] = [true, false].map((isSame) => inEarnest({ ...shadow, isSame }));
    assert.deepEqual(same, { tone: "good", words, compared: "the same as beside it" });
    assert.deepEqual(other, { tone: "warn", words, compared: "not as beside it" });
  });
  it("says nothing of a shadow under way, and of what is none", () => {
    assert.equal(inEarnest({ ...shadow, isSame: undefined }), undefined);
    assert.equal(inEarnest({ ...shadow, effect: CallEffect.CHANGED, isSame: true }), undefined);
  });
});

describe("subjectOf()", () => {
  it("has a method as its name and its service, and a function by its name", () => {
    assert.deepEqual(subjectOf({ method: METHOD, function: "" }), { name: "Add", service: "acme.v1.Users" });
    assert.deepEqual(subjectOf({ method: "", function: "hello" }), { name: "hello", service: "" });
  });
});

describe("explainSubjectOf()", () => {
  it("asks about the side of the run", () => {
    assert.deepEqual(explainSubjectOf({ side: RunSide.RESPONSE, method: METHOD, function: "" }), {
      kind: "response",
      method: METHOD,
    });
    assert.deepEqual(explainSubjectOf({ side: RunSide.FUNCTION, method: "", function: "hello" }), {
      kind: "function",
      function: "hello",
    });
  });
});
