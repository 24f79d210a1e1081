import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createBreaker, openMs, type Breaker } from "./breaker.ts";

/** A breaker after outcomes, one each second: `.` went well, `x` failed. */
function after(outcomes: string): Breaker {
  const breaker = createBreaker();
  Array.from(outcomes).forEach((outcome, i) =>
    outcome === "." ? breaker.succeeded(i * 1_000) : breaker.failed(i * 1_000),
  );
  return breaker;
}

describe("a breaker", () => {
  const cases: readonly [outcomes: string, isOpen: boolean][] = [
    ["", false],
    ["x".repeat(9), false],
    ["x".repeat(10), true],
    ["x".repeat(9) + "." + "x".repeat(8), false],
    ["x.".repeat(9), false],
    [".x".repeat(10), true],
    [".".repeat(50) + "x".repeat(9), false],
    ["xx" + ".".repeat(70) + "xxx", false],
  ];
  for (const [outcomes, isOpen] of cases)
    it(`is ${isOpen ? "open" : "closed"} after "${outcomes}"`, () =>
      assert.equal(after(outcomes).state().openings, isOpen ? 1 : 0));

  it("lets one attempt through when its time is over, and opens for longer when that fails", () => {
    const breaker = after("x".repeat(10));
    const { probeAt } = breaker.state();
    assert.equal(probeAt, 9_000 + 30_000);
    assert.equal(breaker.room(probeAt - 1), 0);
    assert.equal(breaker.room(probeAt), 1);
    breaker.begin();
    assert.equal(breaker.room(probeAt), 0);
    assert.equal(breaker.failed(probeAt + 10), true);
    assert.deepEqual(breaker.state(), { openings: 2, probeAt: probeAt + 10 + 60_000 });
  });

  it("closes with a success, and begins to count anew", () => {
    const breaker = after("x".repeat(10));
    breaker.begin();
    assert.equal(breaker.succeeded(40_000), true);
    assert.equal(breaker.room(40_000), Number.POSITIVE_INFINITY);
    assert.equal(breaker.failed(40_001), false);
  });

  it("is not opened further by attempts that were under way when it opened", () => {
    const breaker = after("x".repeat(10));
    assert.equal(breaker.failed(9_500), false);
    assert.equal(breaker.state().openings, 1);
  });

  it("gives the probe to another attempt when one ended without saying anything", () => {
    const breaker = after("x".repeat(10));
    breaker.begin();
    breaker.ended();
    assert.equal(breaker.room(60_000), 1);
  });

  it("goes on from a state that was kept", () => {
    const breaker = createBreaker();
    breaker.restore({ openings: 3, probeAt: 500 });
    assert.equal(breaker.room(499), 0);
    breaker.begin();
    assert.equal(breaker.failed(500), true);
    assert.deepEqual(breaker.state(), { openings: 4, probeAt: 500 + openMs(4) });
    breaker.restore({ openings: 0, probeAt: 0 });
    assert.equal(breaker.room(0), Number.POSITIVE_INFINITY);
  });

  it("never lets more than one attempt through between failures while it is open", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("begin", "fail", "end"), fc.integer({ min: 0, max: 100_000 })));
    fc.assert(
      fc.property(steps, (steps) => {
        const breaker = after("x".repeat(10));
        let now = 9_000;
        let underWay = 0;
        for (const [step, later] of steps) {
          now += later;
          if (step === "begin" && breaker.room(now) > 0) {
            breaker.begin();
            underWay++;
          } else if (underWay > 0 && step !== "begin") {
            underWay--;
            if (step === "fail") breaker.failed(now);
            else breaker.ended();
          }
          assert.ok(underWay <= 1);
        }
      }),
    );
  });
});

describe("openMs()", () => {
  it("doubles up to ten minutes", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 1_000].map(openMs),
      [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000],
    );
  });
});
