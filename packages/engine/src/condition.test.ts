import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conditionId, methodScopeFromText, parseConditionId, validateCondition, type Condition } from "./condition.ts";
import { anyCondition } from "../test/arbitraries.ts";

describe("conditionId() and parseConditionId()", () => {
  const cases: readonly { id: string; condition: Condition }[] = [
    { id: "request", condition: { kind: "request", scope: { kind: "all" } } },
    { id: "response", condition: { kind: "response", scope: { kind: "all" } } },
    {
      id: "request/zitadel.session.v2.SessionService",
      condition: { kind: "request", scope: { kind: "service", service: "zitadel.session.v2.SessionService" } },
    },
    {
      id: "response/acme.v1.Users/Add",
      condition: { kind: "response", scope: { kind: "method", service: "acme.v1.Users", method: "Add" } },
    },
    { id: "function/preuserinfo", condition: { kind: "function", name: "preuserinfo" } },
    { id: "event", condition: { kind: "event", match: { kind: "all" } } },
    { id: "event/user.human.added", condition: { kind: "event", match: { kind: "type", type: "user.human.added" } } },
    { id: "event/user.human.*", condition: { kind: "event", match: { kind: "group", group: "user.human" } } },
  ];
  for (const { id, condition } of cases) {
    it(`writes and reads ${id}`, () => {
      assert.equal(conditionId(condition), id);
      assert.deepEqual(parseConditionId(id), condition);
    });
  }

  const none = [
    "",
    "/",
    "requests",
    "request/",
    "request/a/",
    "request//b",
    "request/a/b/c",
    "function",
    "function/",
    "function/a/b",
    "event/",
    "event/.*",
    "event/a/b",
    "event/a.*.*",
    "Event",
    "event/a\n",
  ];
  for (const id of none) {
    it(`reads nothing in ${JSON.stringify(id)}`, () => assert.equal(parseConditionId(id), undefined));
  }

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(anyCondition, (condition) => assert.deepEqual(parseConditionId(conditionId(condition)), condition)),
    );
  });

  it("gives no two conditions one id", () => {
    fc.assert(
      fc.property(anyCondition, anyCondition, (a, b) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        assert.equal(conditionId(a) === conditionId(b), isSame);
      }),
    );
  });

  it("reads back from any text only what writes that very text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `event/${text}`),
          fc.string().map((text) => `request/${text}`),
        ),
        (text) => {
          const condition = parseConditionId(text);
          if (condition) assert.equal(conditionId(condition), text);
        },
      ),
    );
  });
});

describe("validateCondition()", () => {
  const faults: readonly { condition: Condition; says: RegExp }[] = [
    { condition: { kind: "function", name: "" }, says: /name is empty/ },
    { condition: { kind: "function", name: "a/b" }, says: /"\/" in it/ },
    { condition: { kind: "event", match: { kind: "type", type: "user.*" } }, says: /as a group/ },
    { condition: { kind: "event", match: { kind: "group", group: "user.*" } }, says: /twice/ },
    { condition: { kind: "event", match: { kind: "type", type: "a\u0000b" } }, says: /control character/ },
    { condition: { kind: "event", match: { kind: "type", type: "事".repeat(667) } }, says: /more than 2000 bytes/ },
    { condition: { kind: "event", match: { kind: "group", group: "事".repeat(667) } }, says: /more than 2000 bytes/ },
    {
      condition: { kind: "request", scope: { kind: "method", service: "a", method: "b/c" } },
      says: /the method "b\/c"/,
    },
  ];
  for (const { condition, says } of faults) {
    it(`refuses ${JSON.stringify(condition)}`, () => assert.match(validateCondition(condition) ?? "", says));
  }
});

describe("methodScopeFromText()", () => {
  it("reads /package.Service/Method", () => {
    assert.deepEqual(methodScopeFromText("/acme.v1.Users/Add"), { service: "acme.v1.Users", method: "Add" });
  });
  for (const text of ["", "/", "//", "acme.v1.Users/Add", "/acme.v1.Users", "/acme.v1.Users/", "//Add", "/a/b/c"]) {
    it(`reads nothing in "${text}"`, () => assert.equal(methodScopeFromText(text), undefined));
  }
});
