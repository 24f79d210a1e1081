import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { circleFrom, includesAround, layoutIncludes, type Includes } from "./include-layout.ts";

const SIZES = { width: 100, height: 40, gapX: 50, gapY: 10 };
const graph = (edges: Readonly<Record<string, string>>): Includes =>
  new Map(Object.entries(edges).map(([from, to]) => [from, to.split(" ").filter(Boolean)]));
/** The nodes by column, each from top to bottom. */
const columns = (includes: Includes): string => {
  const { nodes } = layoutIncludes(includes, SIZES);
  const byX = Map.groupBy(nodes, ({ x }) => x);
  return [...byX]
    .sort(([a], [b]) => a - b)
    .map(([, column]) =>
      [...column]
        .sort((a, b) => a.y - b.y)
        .map(({ id }) => id)
        .join(""),
    )
    .join(" ");
};

describe("layoutIncludes()", () => {
  const cases = [
    { what: "nothing", given: {}, is: "" },
    { what: "executions without includes", given: { a: "", b: "" }, is: "" },
    { what: "a chain", given: { a: "b", b: "c" }, is: "a b c" },
    { what: "one that is included twice, right of the farther", given: { a: "b c", b: "c" }, is: "a b c" },
    { what: "two that would cross", given: { a: "d", b: "c" }, is: "ab dc" },
    { what: "a circle that is about to be set", given: { a: "b", b: "a" }, is: "a b" },
  ];
  for (const { what, given, is } of cases) it(`lays out ${what}`, () => assert.equal(columns(graph(given)), is));

  it("has no two nodes in one place, and is as large as they are", () => {
    const { nodes, width, height, edges } = layoutIncludes(graph({ a: "c d e", b: "c" }), SIZES);
    assert.equal(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size, 5);
    assert.deepEqual([width, height], [250, 140]);
    assert.ok(nodes.every(({ x, y }) => x >= 0 && y >= 0 && x + 100 <= width && y + 40 <= height));
    assert.equal(edges.length, 4);
    assert.match(edges[0]?.path ?? "", /^M 100 [\d.]+ C 125 /);
  });
});

describe("includesAround()", () => {
  it("keeps what leads to one, and what it leads to", () => {
    const around = includesAround(graph({ a: "b", b: "c", x: "y", d: "c" }), "b");
    assert.deepEqual([...around.keys()], ["a", "b"]);
  });
});

describe("circleFrom()", () => {
  for (const { given, way } of [
    { given: { a: "b", b: "c", c: "a" }, way: "abca" },
    { given: { a: "a" }, way: "aa" },
    { given: { a: "b c", b: "d", c: "d" }, way: undefined },
    { given: { a: "b", b: "c", c: "b" }, way: undefined },
  ])
    it(`finds ${way ?? "none"} in ${JSON.stringify(given)}`, () =>
      assert.equal(circleFrom(graph(given), "a")?.join(""), way));
});
