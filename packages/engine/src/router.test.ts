import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conditionId, parseConditionId, type Condition } from "./condition.ts";
import type { Execution } from "./execution.ts";
import {
  compileSnapshot,
  createPlanFinder,
  executionsById,
  planForEvent,
  planForFunction,
  planForMethod,
  type Snapshot,
} from "./router.ts";
import { anyCondition, target } from "../test/arbitraries.ts";

const T1 = target({ id: "1" });
const TARGETS = new Map([["1", T1]]);

function snapshotOf(conditions: readonly Condition[]): Snapshot {
  const executions = conditions.map((condition): Execution => ({ condition, entries: [{ target: "1" }] }));
  return compileSnapshot({ targets: TARGETS, executions: executionsById(executions), revision: 1n });
}

function conditionsFrom(ids: readonly string[]): readonly Condition[] {
  return ids.map((id) => parseConditionId(id) ?? assert.fail(`${id} is no condition`));
}

describe("planForMethod()", () => {
  const check = (
    given: readonly string[],
    side: "request" | "response",
    service: string,
    method: string,
  ): string | undefined =>
    planForMethod(snapshotOf(conditionsFrom(given)), side, { full: `/${service}/${method}`, service })?.executionId;

  const cases = [
    { given: ["request", "request/acme.v1.Users"], call: ["acme.v1.Users", "Add"], finds: "request/acme.v1.Users" },
    {
      given: ["request", "request/acme.v1.Users", "request/acme.v1.Users/Add"],
      call: ["acme.v1.Users", "Add"],
      finds: "request/acme.v1.Users/Add",
    },
    { given: ["request", "request/acme.v1.Users/Del"], call: ["acme.v1.Users", "Add"], finds: "request" },
    { given: ["response"], call: ["acme.v1.Users", "Add"], finds: undefined },
    { given: ["request/acme.v1.User"], call: ["acme.v1.Users", "Add"], finds: undefined },
  ] as const;
  for (const { given, call, finds } of cases) {
    it(`finds ${finds ?? "nothing"} for ${call.join("/")} among ${given.join(", ")}`, () => {
      assert.equal(check(given, "request", call[0], call[1]), finds);
    });
  }

  it("agrees with looking through all ids, the longest first", () => {
    const service = fc.constantFrom("acme.v1.Users", "acme.v1", "user", "a");
    const method = fc.constantFrom("Add", "b", "user");
    fc.assert(
      fc.property(
        fc.array(anyCondition),
        fc.constantFrom("request" as const, "response" as const),
        service,
        method,
        (conditions, side, s, m) => {
          const wanted = [`${side}/${s}/${m}`, `${side}/${s}`, side];
          const ids = new Set(conditions.map(conditionId));
          const found = planForMethod(snapshotOf(conditions), side, { full: `/${s}/${m}`, service: s });
          assert.equal(
            found?.executionId,
            wanted.find((id) => ids.has(id)),
          );
        },
      ),
    );
  });
});

describe("createPlanFinder()", () => {
  it("finds what planForMethod() finds, in whichever snapshots it is asked for one after another", () => {
    const method = { full: "/a/b", service: "a" };
    fc.assert(
      fc.property(
        fc.array(fc.array(anyCondition), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
        (changes, asked) => {
          const snapshots = changes.map((conditions) => snapshotOf(conditions));
          const find = createPlanFinder(method);
          for (const nth of asked) {
            const snapshot = snapshots[nth % snapshots.length] ?? assert.fail();
            const { request, response } = find(snapshot);
            assert.equal(request, planForMethod(snapshot, "request", method));
            assert.equal(response, planForMethod(snapshot, "response", method));
          }
        },
      ),
    );
  });

  it("finds an execution that is set after the first call, and no longer one that is deleted", () => {
    const find = createPlanFinder({ full: "/acme.v1.Users/Add", service: "acme.v1.Users" });
    const check = (given: readonly string[]): string | undefined =>
      find(snapshotOf(conditionsFrom(given))).request?.executionId;
    assert.equal(check([]), undefined);
    assert.equal(check(["request/acme.v1.Users"]), "request/acme.v1.Users");
    assert.equal(check([]), undefined);
  });
});

describe("planForEvent()", () => {
  const check = (given: readonly string[], type: string): string | undefined =>
    planForEvent(snapshotOf(conditionsFrom(given)), type)?.executionId;

  const cases = [
    {
      given: ["event", "event/user.*", "event/user.human.*", "event/user.human.added"],
      type: "user.human.added",
      finds: "event/user.human.added",
    },
    { given: ["event", "event/user.*", "event/user.human.*"], type: "user.human.added", finds: "event/user.human.*" },
    { given: ["event", "event/user.*"], type: "user.human.added", finds: "event/user.*" },
    { given: ["event/user.*"], type: "username.changed", finds: undefined },
    { given: ["event/user.*"], type: "user", finds: undefined },
    { given: ["event"], type: "anything", finds: "event" },
    { given: ["event/user.human"], type: "user.human.added", finds: undefined },
  ];
  for (const { given, type, finds } of cases) {
    it(`finds ${finds ?? "nothing"} for ${type} among ${given.join(", ")}`, () =>
      assert.equal(check(given, type), finds));
  }

  it("agrees with looking for each dotted prefix, the longest first", () => {
    fc.assert(
      fc.property(
        fc.array(anyCondition),
        fc.array(fc.constantFrom("user", "human", "added", "a"), { minLength: 1, maxLength: 5 }),
        (conditions, words) => {
          const ids = new Set(conditions.map(conditionId));
          const groups = words.slice(0, -1).map((_, i) => `event/${words.slice(0, words.length - 1 - i).join(".")}.*`);
          const wanted = [`event/${words.join(".")}`, ...groups, "event"];
          assert.equal(
            planForEvent(snapshotOf(conditions), words.join("."))?.executionId,
            wanted.find((id) => ids.has(id)),
          );
        },
      ),
    );
  });
});

describe("compileSnapshot()", () => {
  it("finds functions by their whole name alone", () => {
    const snapshot = snapshotOf([{ kind: "function", name: "preuserinfo" }]);
    assert.equal(planForFunction(snapshot, "preuserinfo")?.executionId, "function/preuserinfo");
    assert.equal(planForFunction(snapshot, "preuser"), undefined);
  });

  it("leaves out an execution that calls nothing, so that the broader one applies", () => {
    const executions = executionsById([
      { condition: { kind: "request", scope: { kind: "all" } }, entries: [{ target: "1" }] },
      { condition: { kind: "request", scope: { kind: "service", service: "a.B" } }, entries: [{ target: "gone" }] },
      {
        condition: { kind: "request", scope: { kind: "method", service: "a.B", method: "C" } },
        entries: [{ include: { kind: "event", match: { kind: "all" } } }],
      },
    ]);
    const snapshot = compileSnapshot({ targets: TARGETS, executions, revision: 1n });
    assert.equal(planForMethod(snapshot, "request", { full: "/a.B/C", service: "a.B" })?.executionId, "request");
  });

  it("is not moved by names that objects have already", () => {
    const snapshot = snapshotOf([]);
    for (const name of ["__proto__", "constructor", "toString"]) {
      assert.equal(planForFunction(snapshot, name), undefined);
      assert.equal(planForEvent(snapshot, name), undefined);
    }
  });
});
