import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { parseJson } from "./parse.ts";

describe("parseJson()", () => {
  const faults: readonly (readonly [text: string, says: RegExp])[] = [
    ['{"a": s3cr3t}', /^The body is not JSON: Unexpected token 's'\.$/],
    ['{"a": "long enough to be cut, that is", "b": s3cr3t, "c": 1}', /^The body is not JSON: Unexpected token 's'\.$/],
    ['{"a": "s3cr3t\n"}', /^The body is not JSON: Bad control character in string literal in JSON at position 13/],
    ['{"a": "s3cr3t', /^The body is not JSON: Unterminated string in JSON at position 13/],
    ['{"a": "s3cr3t"', /^The body is not JSON: Expected ',' or '}' after property value in JSON at position 14/],
    ["s3cr3t", /^The body is not JSON: Unexpected token 's'\.$/],
  ];
  for (const [text, says] of faults) {
    it(`says what is wrong with ${JSON.stringify(text)}, and quotes nothing`, () => {
      assert.throws(
        () => parseJson(text),
        (error) => {
          assert.ok(error instanceof InterposeError);
          assert.match(error.message, says);
          assert.equal(error.message.includes("s3cr3t"), false);
          return true;
        },
      );
    });
  }
});
