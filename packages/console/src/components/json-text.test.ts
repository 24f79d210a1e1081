import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readJsonObject } from "./json-text.ts";

describe("readJsonObject()", () => {
  it("reads an object, and nothing as an empty one", () => {
    assert.deepEqual(readJsonObject('{"a": [1]}'), { object: { a: [1] } });
    assert.deepEqual(readJsonObject(" \n"), { object: {} });
  });

  it("says where the text stops to be JSON", () => {
    assert.match(readJsonObject('{\n  "a": 1,\n  b\n}').fault ?? "", /line 3, column 3/);
    assert.match(readJsonObject('{"a": ').fault ?? "", /no JSON/);
  });

  for (const text of ["[]", "null", '"a"', "1"]) {
    it(`refuses ${text}, which is no object`, () => assert.match(readJsonObject(text).fault ?? "", /no object/));
  }
});
