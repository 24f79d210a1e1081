import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { methodScopeFromText, type MethodScope } from "./condition.ts";
import { areEquivalent } from "./equivalence.ts";

function scopeOf(text: string): MethodScope {
  const method = methodScopeFromText(text);
  if (method) return { kind: "method", ...method };
  return text === "" ? { kind: "all" } : { kind: "service", service: text };
}

describe("areEquivalent()", () => {
  const cases = [
    { a: "/acme.users.v1.Users/Add", b: "/acme.users.v2beta1.Users/Add", are: true },
    { a: "acme.users.v1.Users", b: "acme.users.v3alpha.Users", are: true },
    { a: "/acme.users.v1.Users/Add", b: "/acme.users.v2.Users/Del", are: false },
    { a: "/acme.users.v1.Users/Add", b: "/acme.people.v2.Users/Add", are: false },
    { a: "/acme.users.v1.Users/Add", b: "/acme.users.v2.Groups/Add", are: false },
    { a: "/acme.users.v1.Users/Add", b: "/acme.users.Users/Add", are: false },
    { a: "/acme.users.v1.Users/Add", b: "acme.users.v2.Users", are: false },
    { a: "/acme.users.v1.Users/Add", b: "/acme.users.v1.Users/Add", are: false },
    { a: "acme.Users", b: "acme.Users", are: false },
    { a: "", b: "", are: false },
    { a: "/acme.v1.ads.v2.Ads/Get", b: "/acme.v1.ads.v3.Ads/Get", are: true },
    { a: "/acme.v1.ads.v2.Ads/Get", b: "/acme.v2.ads.v2.Ads/Get", are: false },
    {
      a: "/zitadel.action.v3alpha.ActionService/GetTargetByID",
      b: "/zitadel.action.v2.ActionService/GetTarget",
      are: true,
    },
    {
      a: "/zitadel.action.v2beta.ActionService/GetTarget",
      b: "/zitadel.action.v3alpha.ActionService/GetTargetByID",
      are: true,
    },
    { a: "/zitadel.action.v2beta.ActionService/GetTarget", b: "/zitadel.action.v2.ActionService/GetTarget", are: true },
    { a: "/acme.action.v3alpha.ActionService/GetTargetByID", b: "/acme.action.v2.ActionService/GetTarget", are: false },
    { a: "/a.v1.B/__proto__", b: "/a.v2.B/__proto__", are: true },
  ];
  for (const { a, b, are } of cases) {
    it(`says that "${a}" and "${b}" are ${are ? "" : "not "}the same in two versions`, () => {
      assert.equal(areEquivalent(scopeOf(a), scopeOf(b)), are);
      assert.equal(areEquivalent(scopeOf(b), scopeOf(a)), are, "and the other way round");
    });
  }
});
