import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { mergeJson, mergePatch } from "./merge-json.ts";

describe("mergeJson()", () => {
  const cases: readonly { name: string; base: JsonObject; later: JsonObject; gives: JsonObject }[] = [
    { name: "keeps what the later one does not name", base: { a: 1 }, later: { b: 2 }, gives: { a: 1, b: 2 } },
    { name: "overwrites scalars", base: { a: 1, b: "x" }, later: { a: false }, gives: { a: false, b: "x" } },
    { name: "takes null for a value like any other", base: { a: 1 }, later: { a: null }, gives: { a: null } },
    {
      name: "merges objects deeply",
      base: { a: { b: { c: 1 } } },
      later: { a: { b: { d: 2 } } },
      gives: { a: { b: { c: 1, d: 2 } } },
    },
    { name: "replaces lists whole", base: { a: [{ b: 1 }, 2] }, later: { a: [{ c: 3 }] }, gives: { a: [{ c: 3 }] } },
    {
      name: "puts an object in the place of a list, and the other way round",
      base: { a: [1], b: { c: 1 } },
      later: { a: { d: 1 }, b: [] },
      gives: { a: { d: 1 }, b: [] },
    },
  ];
  for (const { name, base, later, gives } of cases) {
    it(name, () => {
      const before = JSON.stringify([base, later]);
      assert.deepEqual(mergeJson(base, later), gives);
      assert.equal(JSON.stringify([base, later]), before, "both stay as they were");
    });
  }

  it("takes __proto__ for a key like any other", () => {
    const merged = mergeJson({}, JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": 1}}') as JsonObject);
    assert.deepEqual(Object.keys(merged), ["__proto__", "a"]);
    assert.equal(JSON.stringify(merged.a), '{"__proto__":1}');
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  // Few keys, so that both have the same ones; through text, since generated objects have no prototype, as those of JSON do.
  const { value } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
    object: fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), tie("value"), { maxKeys: 3 }),
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<JsonValue[]>(null, true, 0, 1, "x"),
      fc.array(tie("value"), { maxLength: 2 }),
      tie("object"),
    ),
  }));
  const object = fc
    .dictionary(fc.constantFrom("a", "b", "c", "__proto__"), value)
    .map((each) => JSON.parse(JSON.stringify(each)) as JsonObject);

  it("changes nothing by nothing, and nothing more by the same again", () => {
    fc.assert(
      fc.property(object, object, (base, later) => {
        assert.deepEqual(mergeJson(base, {}), base);
        assert.deepEqual(mergeJson({}, later), later);
        const once = mergeJson(base, later);
        assert.deepEqual(mergeJson(once, later), once);
      }),
    );
  });

  it("is known by its leaves: each is the later one's where that has one on its path, and else the earlier one's", () => {
    fc.assert(
      fc.property(object, object, (base, later) => {
        const [merged, earlier, overriding] = [leaves(mergeJson(base, later)), leaves(base), leaves(later)];
        for (const [path, leaf] of overriding) if (leaf !== EMPTY) assert.equal(merged.get(path), leaf, path);
        for (const [path, leaf] of merged)
          if (leaf !== EMPTY) assert.ok([overriding.get(path), earlier.get(path)].includes(leaf), path);
        for (const [path, leaf] of earlier) {
          const isTouched = [...overriding.keys()].some((each) => isOnOneWay(each, path));
          if (!isTouched) assert.equal(merged.get(path), leaf, path);
        }
      }),
    );
  });
});

describe("mergePatch()", () => {
  // Appendix A of RFC 7396, where both are objects.
  const cases: readonly { base: JsonObject; patch: JsonObject; gives: JsonObject }[] = [
    { base: { a: "b" }, patch: { a: "c" }, gives: { a: "c" } },
    { base: { a: "b" }, patch: { b: "c" }, gives: { a: "b", b: "c" } },
    { base: { a: "b" }, patch: { a: null }, gives: {} },
    { base: { a: "b", b: "c" }, patch: { a: null }, gives: { b: "c" } },
    { base: { a: ["b"] }, patch: { a: "c" }, gives: { a: "c" } },
    { base: { a: "c" }, patch: { a: ["b"] }, gives: { a: ["b"] } },
    { base: { a: { b: "c" } }, patch: { a: { b: "d", c: null } }, gives: { a: { b: "d" } } },
    { base: { a: [{ b: "c" }] }, patch: { a: [1] }, gives: { a: [1] } },
    { base: { e: null }, patch: { a: 1 }, gives: { e: null, a: 1 } },
    { base: {}, patch: { a: { bb: { ccc: null } } }, gives: { a: { bb: {} } } },
  ];
  for (const { base, patch, gives } of cases) {
    it(`makes ${JSON.stringify(gives)} of ${JSON.stringify(base)} by ${JSON.stringify(patch)}`, () => {
      const before = JSON.stringify([base, patch]);
      assert.deepEqual(mergePatch(base, patch), gives);
      assert.equal(JSON.stringify([base, patch]), before, "both stay as they were");
    });
  }

  const scalar = fc.constantFrom<JsonValue[]>(null, 0, "x", []);
  const object = fc
    .dictionary(
      fc.constantFrom("a", "b", "__proto__"),
      fc.oneof(scalar, fc.dictionary(fc.constantFrom("a", "b"), scalar)),
    )
    .map((each) => JSON.parse(JSON.stringify(each)) as JsonObject);

  it("merges as mergeJson() does, and then takes out the nulls that the patch has", () => {
    fc.assert(
      fc.property(object, object, (base, patch) => {
        const kept = withoutNullsOf(mergeJson(base, patch), patch);
        assert.deepEqual(mergePatch(base, patch), kept);
      }),
    );
  });
});

/** What is left of a JSON without what `patch` has a null for. */
function withoutNullsOf(json: JsonObject, patch: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(json).flatMap(([key, value]): [string, JsonValue][] => {
      const change = Object.hasOwn(patch, key) ? patch[key] : undefined;
      if (change === null) return [];
      return [[key, isJsonObject(value) && isJsonObject(change) ? withoutNullsOf(value, change) : value]];
    }),
  );
}

/** Stands for an object with nothing in it, which is none any more once something was merged into it. */
const EMPTY = "{}";

/** What is no object, or an empty one, by its path. */
function leaves(json: JsonValue, path = ""): Map<string, string> {
  if (!isJsonObject(json)) return new Map([[path, JSON.stringify(json)]]);
  const below = Object.entries(json).flatMap(([key, each]) => [...leaves(each, `${path}/${key}`)]);
  return new Map(below.length === 0 ? [[path, EMPTY]] : below);
}

/** Whether one of two paths leads through the other. */
function isOnOneWay(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
