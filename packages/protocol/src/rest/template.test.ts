import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTemplate } from "./template.ts";

describe("parseTemplate()", () => {
  it("reads literals, captures of one and of many segments, and a custom verb", () => {
    const template = parseTemplate("/v1/{name=shelves/*/books/**}:copy");
    assert.deepEqual(template.segments, [
      { kind: "literal", text: "v1" },
      { kind: "literal", text: "shelves" },
      { kind: "single" },
      { kind: "literal", text: "books" },
      { kind: "rest" },
    ]);
    assert.deepEqual(template.variables, [{ fieldPath: ["name"], from: 1, to: 5, isMulti: true }]);
    assert.equal(template.verb, "copy");
  });

  const wrong = [
    "v1/a",
    "/v1/{}",
    "/v1/{a",
    "/v1/a}",
    "/v1/{a={b}}",
    "/v1/**/a",
    "/v1/a:",
    "/v1/a*",
    "/v1//a",
    "/v1/{a=}",
  ];
  for (const text of wrong) it(`refuses ${text}`, () => assert.throws(() => parseTemplate(text), /the path template/));
});
