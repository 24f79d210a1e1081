import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConditionId } from "./condition.ts";
import {
  DEFAULT_EXECUTION_OPTIONS,
  validateExecutionOptions,
  type ExecutionOptions,
  type OptionsFault,
} from "./execution-options.ts";

describe("validateExecutionOptions()", () => {
  const cases: readonly {
    id: string;
    options: Partial<ExecutionOptions>;
    fault?: OptionsFault["field"];
  }[] = [
    { id: "response", options: { runOnErrors: true, hiddenFields: ["a"] } },
    { id: "response/a.B/C", options: { runOnErrors: true } },
    { id: "request", options: { hiddenFields: ["a"] } },
    { id: "request", options: { runOnErrors: true }, fault: "run_on_errors" },
    { id: "event", options: { runOnErrors: true }, fault: "run_on_errors" },
    { id: "event", options: { hiddenFields: ["a"] }, fault: "hidden_fields" },
    { id: "function/preuserinfo", options: { hiddenFields: ["a"] }, fault: "hidden_fields" },
    { id: "function/preuserinfo", options: {} },
    { id: "response", options: { hiddenFields: ["a..b"] }, fault: "hidden_fields" },
    { id: "request/a.v1.B/C", options: { match: "equivalent" } },
    { id: "response/a.v1.B", options: { match: "equivalent", runOnErrors: true } },
    { id: "request/a.B/C", options: { match: "equivalent" }, fault: "match" },
    { id: "request", options: { match: "equivalent" }, fault: "match" },
    { id: "event/a.v1.B", options: { match: "equivalent" }, fault: "match" },
    { id: "function/a.v1.B", options: { match: "equivalent" }, fault: "match" },
    { id: "request/a.B/C", options: { shadowTargets: ["1"] } },
    { id: "response", options: { shadowTargets: ["1"] } },
    { id: "function/preuserinfo", options: { shadowTargets: ["1"] } },
    { id: "event", options: { shadowTargets: [] } },
    { id: "event/a.b", options: { shadowTargets: ["1"] }, fault: "shadow_targets" },
  ];
  for (const { id, options, fault } of cases) {
    it(`${fault === undefined ? "takes" : "refuses"} ${JSON.stringify(options)} for ${id}`, () => {
      const found = validateExecutionOptions(parseConditionId(id) ?? assert.fail(), {
        ...DEFAULT_EXECUTION_OPTIONS,
        ...options,
      });
      assert.equal(found?.field, fault);
    });
  }
});
