import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readReply } from "./reply.ts";

describe("readReply()", () => {
  for (const body of ["", "  ", "\n"])
    it(`takes ${JSON.stringify(body)} for empty`, () => assert.equal(readReply(body).kind, "empty"));
  for (const body of ["<html>", "{", "[]", '"text"', "1", "null", "true"]) {
    it(`takes ${body} for no JSON object`, () => assert.equal(readReply(body).kind, "not_json"));
  }

  const refusals = [
    { status: 400, code: "invalid_argument" },
    { status: 401, code: "unauthenticated" },
    { status: 403, code: "permission_denied" },
    { status: 404, code: "not_found" },
    { status: 409, code: "already_exists" },
    { status: 429, code: "resource_exhausted" },
    { status: 418, code: "unknown" },
    { status: 499, code: "unknown" },
  ];
  for (const { status, code } of refusals) {
    it(`reads ${status} as ${code}`, () => {
      const reply = readReply(JSON.stringify({ forwardedStatusCode: status, forwardedErrorMessage: "no" }));
      assert.deepEqual(reply, { kind: "refusal", refusal: { code, id: "EXEC-reUaUZCzCp", text: "no" } });
    });
  }
  for (const status of [1, 200, 399, 403.5, 500, 1000, undefined]) {
    it(`reads ${status ?? "a message alone"} as failed_precondition`, () => {
      const reply = readReply(JSON.stringify({ forwardedStatusCode: status, forwardedErrorMessage: "no" }));
      assert.deepEqual(reply, {
        kind: "refusal",
        refusal: { code: "failed_precondition", id: "EXEC-bmhNhpcqpF", text: "no" },
      });
    });
  }

  it("takes values of other types for data", () => {
    assert.equal(readReply('{"forwardedStatusCode": "403", "forwardedErrorMessage": 1}').kind, "object");
  });

  it("reads both names in any case, the last one that is there, as ZITADEL does", () => {
    const reply = readReply('{"forwardedStatusCode": 404, "FORWARDEDSTATUSCODE": 403, "Forwardederrormessage": "no"}');
    const refusal = { code: "permission_denied", id: "EXEC-reUaUZCzCp", text: "no" };
    assert.deepEqual(reply, { kind: "refusal", refusal });
  });

  it("takes halves of characters out of the text, which no protocol can carry", () => {
    const reply = readReply('{"forwardedStatusCode": 403, "forwardedErrorMessage": "a\\ud800b"}');
    assert.ok(reply.kind === "refusal");
    assert.equal(reply.refusal.text, "a\ufffdb");
  });

  it("bounds the text, and takes control characters out of it", () => {
    const reply = readReply(
      JSON.stringify({ forwardedStatusCode: 403, forwardedErrorMessage: `a\r\nb\u0000${"x".repeat(5_000)}` }),
    );
    assert.ok(reply.kind === "refusal");
    assert.match(reply.refusal.text, /^a b x+…$/);
    assert.equal(Array.from(reply.refusal.text).length, 1_001);
  });
});
