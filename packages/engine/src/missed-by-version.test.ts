import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conditionId, methodScopeFromText, parseConditionId } from "./condition.ts";
import { DEFAULT_EXECUTION_OPTIONS } from "./execution-options.ts";
import type { Execution } from "./execution.ts";
import { missedByVersion } from "./missed-by-version.ts";

describe("missedByVersion()", () => {
  const check = (ids: readonly string[], side: "request" | "response", called: string): readonly string[] => {
    const executions = ids.map((text): Execution => {
      const [id = "", match] = text.split(" ");
      const condition = parseConditionId(id) ?? assert.fail(id);
      return {
        condition,
        entries: [{ target: "1" }],
        ...(match === "equivalent" && { options: { ...DEFAULT_EXECUTION_OPTIONS, match } }),
      };
    });
    const method = methodScopeFromText(called) ?? assert.fail(called);
    return missedByVersion(executions, side, method).map(({ condition }) => conditionId(condition));
  };

  it("names the methods before the services, each from the newest version", () => {
    const given = [
      "request/a.v1.B",
      "request/a.v1beta1.B/C",
      "request/a.v2.B",
      "request/a.v1.B/C",
      "request/a.v3alpha.B/C",
    ];
    assert.deepEqual(check(given, "request", "/a.v9.B/C"), [
      "request/a.v1.B/C",
      "request/a.v1beta1.B/C",
      "request/a.v3alpha.B/C",
      "request/a.v2.B",
      "request/a.v1.B",
    ]);
  });

  it("names nothing that meets the call anyway, or is for something else", () => {
    const given = [
      "request",
      "request/a.v2.B",
      "request/a.v2.B/C",
      "request/a.v1.B/C equivalent",
      "request/a.v1.B/D",
      "response/a.v1.B/C",
      "event/a.v1.B",
      "function/a.v1.B",
    ];
    assert.deepEqual(check(given, "request", "/a.v2.B/C"), []);
    assert.deepEqual(check(given, "response", "/a.v2.B/C"), ["response/a.v1.B/C"]);
  });

  it("knows that ZITADEL's method has another name", () => {
    const given = ["request/zitadel.action.v3alpha.ActionService/GetTargetByID"];
    assert.deepEqual(check(given, "request", "/zitadel.action.v2.ActionService/GetTarget"), given);
  });

  it("answers the same in whatever order the executions stand", () => {
    const versions = ["v1", "v2", "v2beta", "v3alpha"];
    const given = versions.flatMap((version) => [
      `request/zitadel.action.${version}.ActionService`,
      `request/zitadel.action.${version}.ActionService/GetTarget`,
      `request/zitadel.action.${version}.ActionService/GetTargetByID`,
    ]);
    const called = "/zitadel.action.v7.ActionService/GetTarget";
    const expected = check(given, "request", called);
    assert.equal(expected.length, 12);
    fc.assert(
      fc.property(fc.shuffledSubarray(given, { minLength: given.length }), (shuffled) => {
        assert.deepEqual(check(shuffled, "request", called), expected);
      }),
    );
  });
});
