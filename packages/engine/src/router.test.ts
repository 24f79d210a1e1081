import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conditionId, parseConditionId, type Condition, type MethodScope } from "./condition.ts";
import { areEquivalent } from "./equivalence.ts";
import { DEFAULT_EXECUTION_OPTIONS } from "./execution-options.ts";
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

describe("planForMethod(), where executions ask for other versions too", () => {
  /** An id, and "~" before it where the execution is for equivalents too. */
  const snapshotFrom = (given: readonly string[]): Snapshot =>
    compileSnapshot({
      targets: TARGETS,
      revision: 1n,
      executions: executionsById(
        given.map((text): Execution => {
          const condition = parseConditionId(text.replace("~", "")) ?? assert.fail(`${text} is no condition`);
          const options = { ...DEFAULT_EXECUTION_OPTIONS, match: "equivalent" as const };
          return { condition, entries: [{ target: "1" }], ...(text.startsWith("~") && { options }) };
        }),
      ),
    });
  const check = (given: readonly string[], called: string): string | undefined => {
    const [, service = ""] = called.split("/");
    return planForMethod(snapshotFrom(given), "request", { full: called, service })?.executionId;
  };

  const cases = [
    { given: ["~request/a.v1.B/C"], called: "/a.v2beta1.B/C", finds: "request/a.v1.B/C" },
    { given: ["request/a.v1.B/C"], called: "/a.v2beta1.B/C", finds: undefined },
    { given: ["~response/a.v1.B/C"], called: "/a.v2.B/C", finds: undefined },
    { given: ["~request/a.v1.B/C", "request/a.v2.B/C"], called: "/a.v2.B/C", finds: "request/a.v2.B/C" },
    { given: ["~request/a.v1.B/C", "request/a.v2.B"], called: "/a.v2.B/C", finds: "request/a.v1.B/C" },
    { given: ["~request/a.v1.B", "request/a.v2.B"], called: "/a.v2.B/C", finds: "request/a.v2.B" },
    { given: ["~request/a.v1.B", "request"], called: "/a.v2.B/C", finds: "request/a.v1.B" },
    { given: ["~request/a.v1.B/D", "request"], called: "/a.v2.B/C", finds: "request" },
    { given: ["~request/a.v1.B", "~request/a.v1.B/C"], called: "/a.v2.B/C", finds: "request/a.v1.B/C" },
    { given: ["~request/a.v1.B/C", "~request/a.v3.B/C"], called: "/a.v2.B/C", finds: "request/a.v3.B/C" },
    { given: ["~request/a.v1.B/C", "~request/a.v3alpha.B/C"], called: "/a.v2.B/C", finds: "request/a.v1.B/C" },
    { given: ["~request/a.v1.B/C"], called: "/a.B/C", finds: undefined },
    { given: ["~request/a.v1.B/C", "request/a.B"], called: "/a.B/C", finds: "request/a.B" },
    {
      given: ["~request/zitadel.action.v2.ActionService/GetTarget"],
      called: "/zitadel.action.v3alpha.ActionService/GetTargetByID",
      finds: "request/zitadel.action.v2.ActionService/GetTarget",
    },
    {
      given: ["~request/zitadel.action.v3alpha.ActionService/GetTargetByID"],
      called: "/zitadel.action.v2beta.ActionService/GetTarget",
      finds: "request/zitadel.action.v3alpha.ActionService/GetTargetByID",
    },
  ];
  for (const { given, called, finds } of cases) {
    it(`finds ${finds ?? "nothing"} for ${called} among ${given.join(", ")}`, () =>
      assert.equal(check(given, called), finds));
  }

  it("agrees with looking through all executions, in whatever order they stand", () => {
    const service = fc.constantFrom("a.v1.B", "a.v2.B", "a.v2beta.B", "a.v3alpha.B", "a.B", "b.v1.B");
    const id = fc
      .tuple(fc.constantFrom("", "~"), fc.constantFrom("request", "response"), service, fc.constantFrom("", "/C", "/D"))
      .map(([tilde, side, name, method]) => `${tilde}${side}/${name}${method}`);
    const given = fc.uniqueArray(id, { selector: (text) => text.replace("~", ""), maxLength: 12 });
    fc.assert(
      fc.property(given, fc.boolean(), service, fc.constantFrom("C", "D"), (ids, withAll, name, method) => {
        const all = withAll ? [...ids, "request"] : ids;
        const called = { kind: "method", service: name, method } as const;
        const equivalents = (scope: MethodScope): readonly string[] =>
          ["v2", "v1", "v2beta", "v3alpha"].flatMap((version) =>
            all.flatMap((text) => {
              const condition = parseConditionId(text.replace("~", ""));
              if (!text.startsWith("~request/") || condition?.kind !== "request") return [];
              const isOfVersion = condition.scope.kind !== "all" && condition.scope.service.includes(`.${version}.`);
              return isOfVersion && areEquivalent(condition.scope, scope) ? [text.slice(1)] : [];
            }),
          );
        const exactly = (text: string): readonly string[] =>
          all.some((each) => each.replace("~", "") === text) ? [text] : [];
        const [expected] = [
          ...exactly(`request/${name}/${method}`),
          ...equivalents(called),
          ...exactly(`request/${name}`),
          ...equivalents({ kind: "service", service: name }),
          ...exactly("request"),
        ];
        assert.equal(check(all, `/${name}/${method}`), expected);
        assert.equal(check([...all].reverse(), `/${name}/${method}`), expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it("leaves out an equivalent that calls nothing, so that the next one applies", () => {
    const options = { ...DEFAULT_EXECUTION_OPTIONS, match: "equivalent" as const };
    const on = (version: string, targetId: string): Execution => ({
      condition: { kind: "request", scope: { kind: "method", service: `a.${version}.B`, method: "C" } },
      entries: [{ target: targetId }],
      options,
    });
    const executions = executionsById([on("v3", "gone"), on("v1", "1")]);
    const snapshot = compileSnapshot({ targets: TARGETS, executions, revision: 1n });
    const found = planForMethod(snapshot, "request", { full: "/a.v2.B/C", service: "a.v2.B" });
    assert.equal(found?.executionId, "request/a.v1.B/C");
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
