import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { target } from "../../test/arbitraries.ts";
import { durationText, effectsInRun, effectsOfDelivery, type ExplainedEffect } from "./failure-effects.ts";

function effectOf(effects: readonly ExplainedEffect[], failure: string): string | undefined {
  const found = effects.filter(({ failures }) => failures.includes(failure));
  assert.ok(found.length <= 1, `${failure} has one effect`);
  return found[0]?.effect;
}

describe("effectsInRun()", () => {
  it("refuses for a target that interrupts, with the text that the caller is answered", () => {
    const effects = effectsInRun(target({ id: "1", name: "guard", type: "call" }), "message");
    assert.deepEqual(
      effects.find(({ failures }) => failures.includes("timeout")),
      {
        failures: ["timeout"],
        effect: "refused",
        answer:
          'deadline_exceeded: Execution failed: target "guard" did not answer in time. Run RUN_ID has the record.',
      },
    );
    const refused = effects.find(({ failures }) => failures.includes("refused"));
    assert.match(refused?.answer ?? "", /^\(the code that the target answers\): \(the text that the target answers\)$/);
    assert.deepEqual(new Set(effects.map(({ effect }) => effect)), new Set(["refused"]));
  });

  const ignoring = [
    target({ id: "1", interruptOnError: false }),
    target({ id: "1", type: "async", interruptOnError: false }),
  ];
  for (const each of ignoring) {
    it(`ignores every failure of a ${each.type} that does not interrupt, but for the end of the call itself`, () => {
      const effects = effectsInRun(each, "message");
      for (const failure of ["dns", "timeout", "status", "refused", "unsealable"])
        assert.equal(effectOf(effects, failure), "ignored", failure);
      for (const failure of ["deadline", "cancelled"]) assert.equal(effectOf(effects, failure), "refused", failure);
    });
  }

  it("has failures of applied replies for targets alone whose replies are applied", () => {
    const has = (type: "call" | "webhook"): boolean =>
      effectOf(effectsInRun(target({ id: "1", type }), "message"), "reply_not_json") !== undefined;
    assert.deepEqual([has("call"), has("webhook")], [true, false]);
  });

  it("says of functions what their callers are told", () => {
    const answers = effectsInRun(target({ id: "1", type: "call" }), "function").map(({ answer }) => answer);
    assert.ok(answers.some((answer) => answer.includes("does not fit the function")));
  });
});

describe("effectsOfDelivery()", () => {
  it("tells retries by the schedule, letters that are dead at once, and what holds the queue", () => {
    const effects = effectsOfDelivery(target({ id: "1", delivery: { retryDelaysMs: [5_000, 120_000] } }), "success");
    assert.equal(effectOf(effects, "timeout"), "retried");
    assert.equal(effectOf(effects, "egress_denied"), "dead");
    assert.equal(effectOf(effects, "refused"), "dead");
    assert.equal(effectOf(effects, "status 410"), "held");
    assert.equal(effectOf(effects, "status 503"), "retried");
    assert.equal(effectOf(effects, "deadline"), undefined);
    assert.equal(
      effects.find(({ failures }) => failures.includes("timeout"))?.answer,
      "It is attempted again after 5 s, 2 min; after that it is a dead letter. The targets after it are skipped.",
    );
  });

  it("has no retries where there are none, and skips nobody who does not wait", () => {
    const effects = effectsOfDelivery(target({ id: "1", delivery: { retryDelaysMs: [] } }), undefined);
    const timeout = effects.find(({ failures }) => failures.includes("timeout"));
    assert.deepEqual([timeout?.effect, timeout?.answer], ["dead", "It is a dead letter at once."]);
  });
});

describe("durationText()", () => {
  for (const [ms, text] of [
    [250, "250 ms"],
    [1_500, "1500 ms"],
    [30_000, "30 s"],
    [90_000, "90 s"],
    [120_000, "2 min"],
    [28_800_000, "8 h"],
    [172_800_000, "2 d"],
  ] as const)
    it(`writes ${ms} as ${text}`, () => assert.equal(durationText(ms), text));
});
