import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hiddenRoot, type Exchange, type JsonObject, type Target } from "@interpose/engine";
import { repeatable, type RecordedCall, type Repeatable } from "./rehearsal.ts";

const TARGET: Target = {
  id: "1",
  name: "candidate",
  type: "call",
  endpoint: "http://127.0.0.1/",
  timeoutMs: 1,
  interruptOnError: true,
  dialect: "v2",
};
const CALL: RecordedCall = {
  side: "function",
  effect: "changed",
  shadowEffect: null,
  failure: null,
  detail: null,
  payload: { function: "function/f", a: 1, secret: "s" },
  after: { x: 1, y: 1 },
  outputBefore: { x: 1 },
};
const replied = (body: JsonObject): Exchange => ({
  kind: "replied",
  status: 200,
  body: JSON.stringify(body),
  durationMs: 1,
});
const failed: Exchange = { kind: "failed", failure: "status", detail: "500", status: 500, durationMs: 1 };

function made(call: Partial<RecordedCall>, target: Partial<Target> = {}): Repeatable | string {
  const shown = { read: () => undefined, hidden: hiddenRoot(["secret"]) };
  return repeatable({ ...CALL, ...call }, { ...TARGET, ...target }, shown);
}
function ready(call: Partial<RecordedCall>, target: Partial<Target> = {}): Repeatable {
  const repeated = made(call, target);
  if (typeof repeated === "string") assert.fail(repeated);
  return repeated;
}

describe("repeatable()", () => {
  const skipped: readonly (readonly [name: string, call: Partial<RecordedCall>, says: RegExp])[] = [
    ["without what was sent", { payload: undefined }, /what it was sent is not on record/],
    ["that was cut short by its caller", { failure: "cancelled" }, /cut short/],
    ["that was cut short by its time", { failure: "deadline" }, /cut short/],
    ["without what it changed", { after: undefined }, /what its reply made of the message is not on record/],
    ["of a shadow that has not ended", { effect: "shadow" }, /shadow that had not ended/],
    [
      "of a shadow without what it changed",
      { effect: "shadow", shadowEffect: "changed", after: undefined },
      /what its reply made/,
    ],
    ["of a method that is not known", { side: "request", payload: { request: {} } }, /method is not known/],
    ["of an error of the API", { side: "response", payload: { request: {}, error: {} } }, /error of the API/],
  ];
  for (const [name, call, says] of skipped)
    it(`skips a call ${name}`, () => {
      const why = made(call);
      assert.ok(typeof why === "string", "it is repeated");
      assert.match(why, says);
    });

  it("sends what was sent, without what is hidden now", () => {
    const { payload, recordable } = ready({});
    assert.deepEqual(payload, { function: "function/f", a: 1 });
    assert.equal(recordable('{"b":1,"secret":"s"}'), '{"b":1}');
  });

  it("compares what became of the output so far", () => {
    const { judge } = ready({});
    assert.equal(judge(replied({ y: 1 })).isSame, true);
    const { isSame, differences, end } = judge(replied({ y: 2 }));
    assert.deepEqual([isSame, differences, end.effect], [false, [{ path: "/y", before: 1, after: 2 }], "changed"]);
  });

  it("compares failures, and whether they refuse", () => {
    const refused = { effect: "refused", failure: "status", after: undefined } as const;
    assert.equal(ready(refused).judge(failed).isSame, true);
    assert.equal(ready(refused, { interruptOnError: false }).judge(failed).isSame, false);
    assert.equal(ready({}).judge(failed).isSame, false);
  });

  it("compares with what a shadow would have come to in earnest", () => {
    const shadow = { effect: "shadow", shadowEffect: "refused", failure: "status", after: undefined } as const;
    assert.equal(ready(shadow).judge(failed).isSame, true);
    assert.equal(ready({ effect: "shadow", shadowEffect: "changed" }).judge(replied({ y: 1 })).isSame, true);
  });
});
