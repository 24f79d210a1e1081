import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jsonDiff, MAX_DIFFERENCES, type JsonDifference } from "./json-diff.ts";
import type { JsonValue } from "./json.ts";

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

describe("jsonDiff()", () => {
  const cases: readonly [string, JsonValue, JsonValue, readonly JsonDifference[]][] = [
    ["what is the same", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ["another order of keys", { a: 1, b: 2 }, { b: 2, a: 1 }, []],
    ["a value", { a: { b: 1 } }, { a: { b: "1" } }, [{ path: "/a/b", before: 1, after: "1" }]],
    ["a key that came", {}, { a: null }, [{ path: "/a", after: null }]],
    ["a key that went", { a: null }, {}, [{ path: "/a", before: null }]],
    ["another kind of value", { a: [1] }, { a: { 0: 1 } }, [{ path: "/a", before: [1], after: { 0: 1 } }]],
    ["an element that was put in", [1, 2, 3], [1, 9, 2, 3], [{ path: "/1", after: 9 }]],
    ["an element that was taken out", [1, 9, 2, 3], [1, 2, 3], [{ path: "/1", before: 9 }]],
    ["an element that changed", [{ a: 1 }, 2], [{ a: 2 }, 2], [{ path: "/0/a", before: 1, after: 2 }]],
    ["keys that a pointer must escape", { "a/b~c": 1 }, {}, [{ path: "/a~1b~0c", before: 1 }]],
    ["the whole", 1, 2, [{ path: "", before: 1, after: 2 }]],
    ["names of every object", {}, { constructor: 1 }, [{ path: "/constructor", after: 1 }]],
  ];
  for (const [title, before, after, expected] of cases)
    it(`tells ${title}`, () => assert.deepEqual(jsonDiff(before, after), expected));

  it("tells nothing of a value and itself, and something of two that differ", () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        assert.deepEqual(jsonDiff(one, structuredClone(one)), []);
        assert.equal(jsonDiff(one, other).length === 0, isDeepEqual(one, other));
      }),
    );
  });

  it("tells the same places the other way round", () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        const turned = jsonDiff(other, one).map(({ path, before, after }) => [path, after, before]);
        const told = jsonDiff(one, other).map(({ path, before, after }) => [path, before, after]);
        assert.deepEqual(
          told.map((each) => JSON.stringify(each)).sort(),
          turned.map((each) => JSON.stringify(each)).sort(),
        );
      }),
    );
  });

  it("tells what differs in too many places as a whole", () => {
    const before = Object.fromEntries(Array.from({ length: MAX_DIFFERENCES + 1 }, (_, i) => [`k${i}`, i]));
    assert.deepEqual(jsonDiff(before, {}), [{ path: "", before, after: {} }]);
  });
});

function isDeepEqual(one: JsonValue, other: JsonValue): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
