import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFunction, readCall, type Call } from "./call.ts";
import { ReceiverError } from "./error.ts";

const METHOD = "/acme.v1.Users/Add";
const OF_METHOD = { fullMethod: METHOD, instanceID: "1", orgID: "2", userID: "3" };
const EVENT = {
  aggregateID: "17",
  aggregateType: "order",
  resourceOwner: "1",
  instanceID: "1",
  version: "v1",
  sequence: 3,
  event_type: "order.paid",
  created_at: "2026-11-26T09:30:00.000Z",
  userID: "3",
  event_payload: { amount: 12 },
};

/** Fails unless the payload is read as this, and kept whole beside it. */
function check(payload: object, expected: object): void {
  const { payload: whole, ...call } = readCall(JSON.stringify(payload));
  assert.deepEqual(JSON.parse(JSON.stringify(call)), expected);
  assert.deepEqual(whole, payload);
}

describe("readCall()", () => {
  it("reads requests of both dialects", () => {
    const v3alpha = { ...OF_METHOD, request: { target_id: "7" } };
    check(v3alpha, { kind: "request", ...v3alpha });
    const v2 = { ...OF_METHOD, headers: { Host: ["a", "b"] }, request: { targetId: "7" } };
    check(v2, { kind: "request", ...v2 });
  });

  it("reads responses, and errors in their place", () => {
    const response = { ...OF_METHOD, request: {}, response: { name: "Ada" } };
    check(response, { kind: "response", ...response });
    const error = { code: "NOT_FOUND", message: "no such user", details: [{ "@type": "x" }] };
    check({ fullMethod: METHOD, request: {}, error }, { kind: "response", fullMethod: METHOD, request: {}, error });
    check(
      { fullMethod: METHOD, request: {}, error: { code: "INTERNAL" } },
      { kind: "response", fullMethod: METHOD, request: {}, error: { code: "INTERNAL", message: "", details: [] } },
    );
  });

  it("reads events, and payloads of ZITADEL's first releases in base64", () => {
    check(EVENT, { kind: "event", ...EVENT });
    const encoded = { ...EVENT, event_payload: Buffer.from('{"name":"Zoë"}').toString("base64") };
    check(encoded, { kind: "event", ...EVENT, event_payload: { name: "Zoë" } });
  });

  it("reads functions, whatever the fields of their input are called", () => {
    const input = { user: { id: "7" }, event_type: "x", fullMethod: "y", kind: "z", userinfo: { sub: "7" } };
    const call = readCall(JSON.stringify({ function: "function/preuserinfo", ...input }));
    assert.ok(call.kind === "function" && isFunction(call, "preuserinfo"));
    const sub: string | undefined = call.input.userinfo?.sub;
    assert.equal(sub, "7");
    assert.deepEqual(call.input, input);
    check({ function: "function/price" }, { kind: "function", name: "price", input: {} });
    // As ZITADEL names those of one-time codes.
    check({ function: "preotpsmscode" }, { kind: "function", name: "preotpsmscode", input: {} });
  });

  it("leaves fields that come later in the payload", () => {
    const payload = { fullMethod: METHOD, request: {}, kind: "event", later: [1] };
    const call = readCall(JSON.stringify(payload));
    assert.equal(call.kind, "request");
    assert.deepEqual(call.payload.later, [1]);
    assert.ok(!("later" in call));
  });

  it("keeps keys such as __proto__ what they are", () => {
    const call = readCall('{"fullMethod":"/a/B","__proto__":{"orgID":"x"},"request":{"__proto__":{"a":1}}}');
    assert.ok(call.kind === "request");
    assert.equal(call.orgID, undefined);
    assert.equal(call.request.a, undefined);
  });

  describe("refuses", () => {
    const event = (changed: object) => JSON.stringify({ ...EVENT, ...changed });
    const method = (changed: object) => JSON.stringify({ fullMethod: METHOD, request: {}, ...changed });
    const cases: readonly [string, string, RegExp][] = [
      ["nothing", "", /no JSON/],
      ["half of it", '{"a":', /no JSON/],
      ["a list", "[]", /no JSON object/],
      ["null", "null", /no JSON object/],
      ["what is none of a call", '{"a":1}', /none of fullMethod/],
      ["a function that is no text", '{"function":1}', /none of/],
      ["a request that is a list", method({ request: [] }), /object at request/],
      ["a response that is a text", method({ response: "x" }), /object at response/],
      ["a user that is a number", method({ userID: 1 }), /text at userID/],
      ["headers that are texts", method({ headers: { host: "a" } }), /headers/],
      ["an error without a code", method({ error: {} }), /error\.code/],
      ["an error with details that are none", method({ error: { code: "A", details: [1] } }), /error\.details/],
      ["an event without an aggregate", event({ aggregateID: undefined }), /aggregateID/],
      ["an event without a sequence", event({ sequence: "3" }), /sequence/],
      ["an event with a payload that is a number", event({ event_payload: 1 }), /event_payload/],
      ["an event with a payload that is no base64", event({ event_payload: "?" }), /base64/],
      ["an event with a payload of which the base64 is no object", event({ event_payload: "MQ==" }), /base64/],
    ];
    for (const [title, json, text] of cases)
      it(title, () =>
        assert.throws(() => readCall(json), { name: "ReceiverError", code: "payload_invalid", message: text }),
      );
  });

  it("answers or throws a ReceiverError, whatever it is given", () => {
    const names = Object.keys({ ...EVENT, ...OF_METHOD, function: 1, request: 1, response: 1, error: 1, headers: 1 });
    const values = fc.oneof(fc.jsonValue(), fc.constantFrom(METHOD, "function/x", "order.paid"));
    const payloads = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), values);
    fc.assert(
      fc.property(
        fc.oneof(
          payloads.map((each) => JSON.stringify(each)),
          fc.json(),
          fc.string(),
        ),
        (json) => {
          let call: Call;
          try {
            call = readCall(json);
          } catch (error) {
            assert.ok(error instanceof ReceiverError, String(error));
            return;
          }
          assert.deepEqual(call.payload, JSON.parse(json));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
