import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reply, type RefusalCode } from "./reply.ts";

describe("reply", () => {
  const refusals: readonly [RefusalCode, number | undefined][] = [
    ["invalid_argument", 400],
    ["unauthenticated", 401],
    ["permission_denied", 403],
    ["not_found", 404],
    ["already_exists", 409],
    ["resource_exhausted", 429],
    ["unknown", 422],
    ["failed_precondition", undefined],
    [400, 400],
    [403, 403],
    [429, 429],
  ];
  for (const [code, status] of refusals)
    it(`refuses with ${code} by ${status ?? "a text alone"}`, () =>
      assert.deepEqual(reply.refuse(code, "no"), {
        kind: "refusal",
        ...(status !== undefined && { forwardedStatusCode: status }),
        forwardedErrorMessage: "no",
      }));

  it("does not let codes pass that would not reach the caller", () => {
    const refused = { code: "reply_invalid", message: /cannot be forwarded.*permission_denied/ };
    // @ts-expect-error -- the compiler knows
    assert.throws(() => reply.refuse("internal", "no"), refused);
    // @ts-expect-error -- the compiler knows
    assert.throws(() => reply.refuse(500, "no"), refused);
    // @ts-expect-error -- the compiler knows
    assert.throws(() => reply.refuse(418, "no"), refused);
    // @ts-expect-error -- the compiler knows
    assert.throws(() => reply.refuse("toString", "no"), refused);
    assert.throws(() => reply.refuse(403, " "), { code: "reply_invalid", message: /says why/ });
  });

  it("changes a message, but not by what would refuse it", () => {
    assert.deepEqual(reply.change({ name: "Ada" }), { kind: "change", as: "message", message: { name: "Ada" } });
    assert.deepEqual(reply.change({ forwardedStatusCode: "403", forwardedErrorMessage: "" }).kind, "change");
    for (const message of [{ forwardedStatusCode: 403 }, { forwardedErrorMessage: "no" }])
      assert.throws(() => reply.change(message), { code: "reply_invalid", message: /reply\.refuse/ });
    assert.throws(() => reply.change([]), { code: "reply_invalid", message: /no object/ });
    assert.throws(() => reply.change(null as unknown as object), { code: "reply_invalid", message: /no object/ });
  });

  it("writes claims as ZITADEL reads them", () => {
    const { message } = reply.claims(
      { plan: "gold", roles: ["a"], left: undefined },
      { log: ["looked up"], metadata: { seen: "Zoë", raw: new Uint8Array([1, 2]) } },
    );
    assert.deepEqual(message, {
      set_user_metadata: [
        { key: "seen", value: "Wm/Dqw==" },
        { key: "raw", value: "AQI=" },
      ],
      append_claims: [
        { key: "plan", value: "gold" },
        { key: "roles", value: ["a"] },
      ],
      append_log_claims: ["looked up"],
    });
    assert.deepEqual(reply.claims({}).message, {});
    assert.throws(() => reply.claims({ "urn:zitadel:iam:org": 1 }), { code: "reply_invalid", message: /dropped/ });
  });

  it("writes attributes with lists for values", () => {
    const attributes = [
      { name: "team", value: "blue" },
      { name: "role", name_format: "urn:x", value: ["a", "b"] },
    ];
    assert.deepEqual(reply.attributes(attributes).message, {
      append_attribute: [
        { name: "team", value: ["blue"] },
        { name: "role", name_format: "urn:x", value: ["a", "b"] },
      ],
    });
  });

  it("writes one-time codes, and how long they are good for with its unit", () => {
    assert.deepEqual(reply.code("A7F2B9", { expirySeconds: 300 }).message, { expiry: "300s", code: "A7F2B9" });
    assert.deepEqual(reply.generate({ length: 8 }).message, { generate: { length: 8 } });
    assert.throws(() => reply.code(""), { code: "reply_invalid" });
    assert.throws(() => reply.code("1", { expirySeconds: 0 }), { code: "reply_invalid", message: /expirySeconds/ });
  });
});
