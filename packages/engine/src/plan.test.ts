import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conditionId, type Condition } from "./condition.ts";
import type { Execution, ExecutionEntry } from "./execution.ts";
import { expandPlan, MAX_PLAN_TARGETS } from "./plan.ts";
import { executionsById } from "./router.ts";
import { target } from "../test/arbitraries.ts";

const event = (type: string): Condition => ({ kind: "event", match: { kind: "type", type } });
const TARGETS = new Map(["1", "2", "3"].map((id) => [id, target({ id })]));

function check(executions: readonly Execution[], which: string): readonly string[] {
  const byId = executionsById(executions);
  const execution = byId.get(conditionId(event(which))) ?? assert.fail();
  return expandPlan(execution, { targets: TARGETS, executions: byId }).targets.map(({ id }) => id);
}

describe("expandPlan()", () => {
  it("puts the targets of an include in its place, in order", () => {
    const executions: readonly Execution[] = [
      { condition: event("a"), entries: [{ target: "1" }, { include: event("b") }, { target: "3" }] },
      { condition: event("b"), entries: [{ target: "2" }, { target: "1" }] },
    ];
    assert.deepEqual(check(executions, "a"), ["1", "2", "1", "3"]);
  });

  it("takes what is not there for nothing", () => {
    assert.deepEqual(
      check([{ condition: event("a"), entries: [{ target: "9" }, { include: event("b") }, { target: "2" }] }], "a"),
      ["2"],
    );
  });

  it("ends where includes lead back", () => {
    const executions: readonly Execution[] = [
      { condition: event("a"), entries: [{ target: "1" }, { include: event("b") }] },
      { condition: event("b"), entries: [{ include: event("a") }, { target: "2" }] },
    ];
    assert.deepEqual(check(executions, "a"), ["1", "2"]);
  });

  it("has the options of the execution that is matched, and none of those that it includes", () => {
    const options = { runOnErrors: true, hiddenFields: ["a"] };
    const byId = executionsById([
      { condition: event("a"), entries: [{ include: event("b") }] },
      { condition: event("b"), entries: [{ target: "1" }], options },
    ]);
    const optionsOf = (id: string): unknown =>
      expandPlan(byId.get(conditionId(event(id))) ?? assert.fail(), { targets: TARGETS, executions: byId }).options;
    assert.deepEqual([optionsOf("a"), optionsOf("b")], [undefined, options]);
  });

  it("does not let a few executions make millions of calls", () => {
    const doubling = Array.from({ length: 40 }, (_, i): Execution => ({
      condition: event(String(i)),
      entries: [{ include: event(String(i + 1)) }, { target: "1" }, { include: event(String(i + 1)) }],
    }));
    assert.equal(check(doubling, "0").length, MAX_PLAN_TARGETS);
  });

  it("agrees with plain recursion where there is no circle", () => {
    // Each may only include those with a higher number, so there is none.
    const graph = fc.array(
      fc.array(fc.record({ isTarget: fc.boolean(), value: fc.nat({ max: 5 }) }), { maxLength: 3 }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(graph, (lists) => {
        const executions = lists.map((list, i): Execution => ({
          condition: event(String(i)),
          entries: list.flatMap(({ isTarget, value }): ExecutionEntry[] =>
            isTarget ? [{ target: String(value) }] : value > i ? [{ include: event(String(value)) }] : [],
          ),
        }));
        const naive = (i: number): readonly string[] =>
          (executions[i]?.entries ?? []).flatMap((entry) => {
            if ("target" in entry) return TARGETS.has(entry.target) ? [entry.target] : [];
            return entry.include.kind === "event" && entry.include.match.kind === "type"
              ? naive(Number(entry.include.match.type))
              : [];
          });
        assert.deepEqual(check(executions, "0"), naive(0));
      }),
    );
  });
});
