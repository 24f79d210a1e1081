import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CallEffect } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { layOutWaterfall } from "./waterfall-layout.ts";

const call = (beginMs: number, durationMs: number | undefined, effect = CallEffect.NONE, failure = "") => ({
  beginMs,
  ...(durationMs !== undefined && { durationMs }),
  effect,
  failure,
});

describe("layOutWaterfall()", () => {
  it("has calls one after the other in the time of the run", () => {
    const { totalMs, end, bars } = layOutWaterfall(100, [call(0, 25), call(25, 75, CallEffect.CHANGED)]);
    assert.deepEqual([totalMs, end], [100, 100]);
    assert.deepEqual(bars, [
      { kind: "done", left: 0, width: 25, isOpen: false },
      { kind: "changed", left: 25, width: 75, isOpen: false },
    ]);
  });

  it("has room for a shadow that ends after the run", () => {
    const { totalMs, end, bars } = layOutWaterfall(50, [call(0, 50), call(0, 200, CallEffect.SHADOW)]);
    assert.deepEqual([totalMs, end], [200, 25]);
    assert.deepEqual(bars[1], { kind: "shadow", left: 0, width: 100, isOpen: false });
  });

  it("leaves open what was not waited for", () => {
    const { bars } = layOutWaterfall(10, [call(4, undefined, CallEffect.STARTED)]);
    assert.deepEqual(bars, [{ kind: "unwaited", left: 40, width: 60, isOpen: true }]);
  });

  it("shows what took no time, in a run that took none", () => {
    const { bars } = layOutWaterfall(0, [call(0, 0, CallEffect.REFUSED, "egress")]);
    assert.deepEqual(
      bars.map(({ kind, width }) => [kind, width > 0]),
      [["failed", true]],
    );
  });
});
