import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { documents } from "../../test/harness/actions-documents.ts";
import { checkDocument } from "./document.ts";
import { actionsJsonSchema } from "./json-schema.ts";

describe("the JSON Schema of documents of actions", () => {
  const validator = new Validator(actionsJsonSchema(), "7", false);
  const isValid = (document: unknown): boolean => validator.validate(document).valid;

  it("takes every document that can be applied", () => {
    fc.assert(
      fc.property(documents("shop"), (document) => {
        assert.equal(checkDocument(document).problems, undefined);
        assert.ok(isValid(document));
      }),
      { numRuns: 200 },
    );
  });

  const wrong: readonly (readonly [what: string, document: unknown])[] = [
    ["an unknown field", { targetz: [] }],
    ["an unknown field of a target", { targets: [{ name: "a", endpoint: "https://a.example", timeOut: "1s" }] }],
    ["a target without endpoint", { targets: [{ name: "a" }] }],
    ["an ill-typed value", { targets: [{ name: "a", endpoint: "https://a.example", timeout: 10 }] }],
    ["an unknown type", { targets: [{ name: "a", endpoint: "https://a.example", type: "rest" }] }],
    ["an entry that is both", { executions: [{ condition: "event", targets: [{ target: "a", include: "event/a" }] }] }],
    ["an entry that is neither", { executions: [{ condition: "event", targets: [{}] }] }],
    ["an empty list", { executions: [{ condition: "event", targets: [] }] }],
  ];
  for (const [what, document] of wrong) {
    it(`refuses ${what}, as the server does`, () => {
      assert.equal(isValid(document), false);
      assert.notEqual(checkDocument(document).problems, undefined);
    });
  }
});
