import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { filtersFrom, subjectFrom } from "./subject.ts";

const NONE = { kind: "", method: "", function: "", event: "" };

describe("subjectFrom()", () => {
  it("is none while the name is not given, whatever else is", () => {
    assert.equal(subjectFrom(NONE), undefined);
    assert.equal(subjectFrom({ ...NONE, kind: "event", method: "/a.B/C" }), undefined);
  });

  it("has the name of the kind alone, and a slash before methods", () =>
    assert.deepEqual(subjectFrom({ kind: "response", method: "a.B/C", function: "f", event: "e" }), {
      kind: ExplainKind.RESPONSE,
      method: "/a.B/C",
      function: "",
      event: "",
    }));

  for (const filters of [
    { ...NONE, kind: "request", method: "/a.B/C" },
    { ...NONE, kind: "function", function: "f" },
    { ...NONE, kind: "event", event: "a.b" },
  ]) {
    it(`is written as it is read: ${filters.kind}`, () => {
      const subject = subjectFrom(filters);
      assert.ok(subject);
      assert.deepEqual(filtersFrom(subject), filters);
    });
  }
});
