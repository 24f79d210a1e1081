import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePayload } from "./payload-text.ts";

describe("parsePayload()", () => {
  it("reads an object, and nothing as one without fields", () => {
    assert.deepEqual(parsePayload('{"a": [1]}'), { payload: { a: [1] } });
    assert.deepEqual(parsePayload(" "), { payload: {} });
  });

  for (const [text, pattern] of [
    ["{", /^This is no JSON: .+/],
    ["[1]", /is a JSON object/],
    ["null", /is a JSON object/],
    ['{"id": 384376937488408645}', /^384376937488408645 has more digits than a browser keeps/],
  ] as const) {
    it(`says what is wrong with ${text}`, () => {
      const parsed = parsePayload(text);
      assert.match("fault" in parsed ? parsed.fault : assert.fail(), pattern);
    });
  }

  it("has long numbers that are exact, and digits in texts", () => {
    assert.ok(
      "payload" in
        parsePayload('{"a": 9007199254740991, "b": "384376937488408645", "c": "say \\"12345678901234567890\\""}'),
    );
  });
});
