import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conditionId, type Condition } from "./condition.ts";
import { InterposeError } from "./error.ts";
import type { ExecutionEntry } from "./execution.ts";
import { checkIncludes } from "./include-graph.ts";

const event = (type: string): Condition => ({ kind: "event", match: { kind: "type", type } });
const includes = (types: readonly string[]): readonly ExecutionEntry[] =>
  types.map((type) => ({ include: event(type) }));

/** What setting `of` to include `list` comes to, when the store has `stored`. */
function check(
  stored: Readonly<Record<string, readonly string[]>>,
  of: string,
  list: readonly string[],
): { id?: string | undefined; text: string } | "fine" {
  const graph = new Map(Object.entries(stored).map(([type, types]) => [conditionId(event(type)), includes(types)]));
  try {
    checkIncludes(graph, event(of), [{ target: "1" }, ...includes(list)]);
    return "fine";
  } catch (error) {
    assert.ok(error instanceof InterposeError);
    return { id: error.id, text: error.message };
  }
}

describe("checkIncludes()", () => {
  const fine = [
    { name: "two levels of includes", stored: { a: ["b"] }, of: "top", list: ["a"] },
    { name: "diamonds", stored: { a: ["c"], b: ["c"] }, of: "top", list: ["a", "b"] },
    { name: "a new list that ends an old circle", stored: { a: ["b"], b: ["a"] }, of: "a", list: [] },
  ];
  for (const { name, stored, of, list } of fine)
    it(`lets ${name} pass`, () => assert.equal(check(stored, of, list), "fine"));

  const refused = [
    {
      name: "itself",
      stored: {},
      of: "a",
      list: ["a"],
      id: "COMMAND-mo1cmjp5k7",
      says: /targets\[1\] includes "event\/a" in itself/,
    },
    {
      name: "a circle",
      stored: { b: ["c"], c: ["a"] },
      of: "a",
      list: ["b"],
      id: "COMMAND-819opvhgjv",
      says: /event\/a → event\/b → event\/c → event\/a/,
    },
    {
      name: "three levels of includes",
      stored: { a: ["b"], b: ["c"] },
      of: "top",
      list: ["a"],
      id: "COMMAND-gbhd3g57oo",
      says: /"event\/top" would have 4 levels/,
    },
    {
      name: "a list that makes another too deep",
      stored: { top: ["a"], a: ["b"] },
      of: "b",
      list: ["c"],
      id: "COMMAND-gbhd3g57oo",
      says: /"event\/top" includes "event\/b", and would have 4/,
    },
  ];
  for (const { name, stored, of, list, id, says } of refused) {
    it(`refuses ${name}`, () => {
      const result = check(stored, of, list);
      assert.ok(result !== "fine");
      assert.equal(result.id, id);
      assert.match(result.text, says);
    });
  }

  it("agrees with trying every way through the includes", () => {
    const types = ["a", "b", "c", "d", "e"];
    const list = fc.uniqueArray(fc.constantFrom(...types), { maxLength: 2 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...types), list),
        fc.constantFrom(...types),
        list,
        (stored, of, added) => {
          // What is stored must itself be in order, as everything that was let pass is.
          fc.pre(types.every((type) => longestPath(stored, type, []) <= 3));
          const after = { ...stored, [of]: added };
          const longest = Math.max(
            ...types.filter((type) => reaches(after, type, of)).map((type) => longestPath(after, type, [])),
          );
          assert.equal(check(stored, of, added) === "fine", longest <= 3, JSON.stringify({ stored, of, added }));
        },
      ),
    );
  });
});

/** Levels of the longest way from a type; Infinity when one leads in a circle. */
function longestPath(
  graph: Readonly<Record<string, readonly string[]>>,
  type: string,
  path: readonly string[],
): number {
  if (path.includes(type)) return Infinity;
  return 1 + Math.max(0, ...(graph[type] ?? []).map((next) => longestPath(graph, next, [...path, type])));
}

function reaches(
  graph: Readonly<Record<string, readonly string[]>>,
  from: string,
  to: string,
  path: readonly string[] = [],
): boolean {
  if (from === to) return true;
  if (path.includes(from)) return false;
  return (graph[from] ?? []).some((next) => reaches(graph, next, to, [...path, from]));
}
