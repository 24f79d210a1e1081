import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "@interpose/engine";
import { applyClaims } from "./claims.ts";

const LOG = "urn:zitadel:iam:action:function/preuserinfo:log";

describe("applyClaims()", () => {
  const cases: readonly {
    name: string;
    claims?: JsonObject;
    output: JsonObject;
    failed?: string[];
    gives: JsonObject;
  }[] = [
    {
      name: "adds claims of any value",
      output: { append_claims: [{ key: "a", value: { b: [1] } }, { key: "c" }] },
      gives: { a: { b: [1] }, c: null },
    },
    {
      name: "keeps claims that are there, and tells of it",
      claims: { sub: "1", none: null },
      output: {
        append_claims: [
          { key: "sub", value: "2" },
          { key: "none", value: 1 },
        ],
      },
      gives: { sub: "1", none: null, [LOG]: ['key "sub" already exists', 'key "none" already exists'] },
    },
    {
      name: "keeps the first of two that have the same key",
      output: {
        append_claims: [
          { key: "a", value: 1 },
          { key: "a", value: 2 },
        ],
      },
      gives: { a: 1, [LOG]: ['key "a" already exists'] },
    },
    {
      name: "drops what is the provider's own, without a word",
      output: {
        append_claims: [
          { key: "urn:zitadel:iam:org:project:roles", value: { admin: 1 } },
          { key: "urn:zitadel:iam", value: 1 },
          { key: LOG, value: ["forged"] },
        ],
      },
      gives: {},
    },
    {
      name: "tells logs in the log claim, behind what it has to say itself",
      claims: { a: 1 },
      output: { append_claims: [{ key: "a", value: 2 }], append_log_claims: ["x", "y"] },
      failed: ["k"],
      gives: { a: 1, [LOG]: ['failed to set user metadata key "k"', 'key "a" already exists', "x", "y"] },
    },
    { name: "does nothing by an empty output", claims: { a: 1 }, output: {}, gives: { a: 1 } },
    {
      name: "ignores what is not as it should be",
      output: { append_claims: [1, null, { value: 1 }, { key: 7 }], append_log_claims: "x" },
      gives: {},
    },
  ];
  for (const { name, claims = {}, output, failed, gives } of cases) {
    it(name, () => {
      const before = JSON.stringify(claims);
      assert.deepEqual(applyClaims(claims, output, "preuserinfo", failed && { failedMetadata: failed }), gives);
      assert.equal(JSON.stringify(claims), before, "the claims given stay as they were");
    });
  }

  it("takes __proto__ for a key like any other", () => {
    const applied = applyClaims({}, { append_claims: [{ key: "__proto__", value: { admin: true } }] }, "preuserinfo");
    assert.equal(JSON.stringify(applied), '{"__proto__":{"admin":true}}');
    assert.equal((applied as { admin?: boolean }).admin, undefined);
  });
});
