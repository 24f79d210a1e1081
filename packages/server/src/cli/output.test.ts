import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createOutput, table } from "./output.ts";

describe("table()", () => {
  const check = (rows: readonly (readonly string[])[], expected: readonly string[]): void =>
    assert.deepEqual(stripVTControlCharacters(table(["ID", "NAME", "ROLE"], rows, "None.")).split("\n"), expected);

  it("aligns columns, the widest cell or heading first", () => {
    check(
      [
        ["1", "a long name", "admin"],
        ["12345", "b", ""],
      ],
      ["ID     NAME         ROLE", "1      a long name  admin", "12345  b"],
    );
  });

  it("counts characters, not code units", () => {
    check(
      [
        ["1", "🎉🎉🎉🎉🎉", "x"],
        ["2", "abcde", "y"],
      ],
      ["ID  NAME   ROLE", "1   🎉🎉🎉🎉🎉  x", "2   abcde  y"],
    );
  });

  it("says so when there is nothing", () => check([], ["None."]));
});

describe("createOutput()", () => {
  const printed = (isJson: boolean, document: unknown): string => {
    let text = "";
    createOutput(isJson, (part) => (text += part)).answer(document, () => "for people");
    return text;
  };

  it("prints for people", () => assert.equal(printed(false, { a: 1 }), "for people\n"));

  it("prints one JSON document, with 64-bit integers as texts and without what is undefined", () => {
    const text = printed(true, { id: 2n ** 63n, none: undefined, list: [{ a: null }] });
    assert.ok(text.endsWith("}\n"));
    assert.deepEqual(JSON.parse(text), { id: "9223372036854775808", list: [{ a: null }] });
  });
});
