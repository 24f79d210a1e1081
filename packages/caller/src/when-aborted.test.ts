import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { whenAborted } from "./when-aborted.ts";

describe("whenAborted()", () => {
  it("calls all who wait, in their order, once", () => {
    const called: string[] = [];
    const controller = new AbortController();
    for (const name of ["a", "b", "c"]) whenAborted(controller.signal, () => called.push(name));
    controller.abort();
    controller.abort();
    assert.deepEqual(called, ["a", "b", "c"]);
  });

  it("calls nobody who left, in whatever order they do, also twice", () => {
    const called: number[] = [];
    const controller = new AbortController();
    const leave = [0, 1, 2, 3, 4].map((n) => whenAborted(controller.signal, () => called.push(n)));
    for (const n of [0, 4, 2, 2]) leave[n]?.();
    whenAborted(controller.signal, () => called.push(5));
    controller.abort();
    assert.deepEqual(called, [1, 3, 5]);
  });

  it("lets a listener take others off, or itself", () => {
    const called: string[] = [];
    const controller = new AbortController();
    const leaveFirst = whenAborted(controller.signal, () => {
      called.push("first");
      leaveFirst();
      leaveSecond();
    });
    const leaveSecond = whenAborted(controller.signal, () => called.push("second"));
    whenAborted(controller.signal, () => called.push("third"));
    controller.abort();
    assert.deepEqual(called, ["first", "third"]);
  });

  it("keeps those of several signals apart", () => {
    const called: string[] = [];
    const [one, other] = [new AbortController(), new AbortController()];
    whenAborted(one.signal, () => called.push("one"));
    whenAborted(other.signal, () => called.push("other"));
    other.abort();
    assert.deepEqual(called, ["other"]);
  });
});
