import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rowByTyping, treeRows, treeStep, type TreeNode } from "./tree-rows.ts";

const node = (label: string, ...children: TreeNode<null>[]): TreeNode<null> => ({
  id: label,
  label,
  data: null,
  children,
});
const TREE = [node("Methods", node("Shop", node("Order"), node("Open")), node("Users", node("Add"))), node("Events")];
const rows = (...open: string[]) => treeRows(TREE, ({ id }) => open.includes(id));
const at = (among: ReturnType<typeof rows>, id: string): number => among.findIndex((row) => row.node.id === id);

describe("treeRows()", () => {
  it("has what is below open nodes alone, with levels and places", () => {
    const shown = rows("Methods", "Shop").map(({ node: { id }, level, place, siblingCount, isOpen }) =>
      [id, level, `${place}/${siblingCount}`, isOpen].join(" "),
    );
    assert.deepEqual(shown, [
      "Methods 1 1/2 true",
      "Shop 2 1/2 true",
      "Order 3 1/2 ",
      "Open 3 2/2 ",
      "Users 2 2/2 false",
      "Events 1 2/2 ",
    ]);
  });
});

describe("treeStep()", () => {
  const cases = [
    { key: "ArrowDown", from: "Shop", does: "go Order" },
    { key: "ArrowUp", from: "Methods", does: undefined },
    { key: "End", from: "Shop", does: "go Events" },
    { key: "Home", from: "Events", does: "go Methods" },
    { key: "ArrowRight", from: "Shop", does: "go Order" },
    { key: "ArrowRight", from: "Users", does: "open Users" },
    { key: "ArrowRight", from: "Order", does: undefined },
    { key: "ArrowLeft", from: "Open", does: "go Shop" },
    { key: "ArrowLeft", from: "Shop", does: "close Shop" },
    { key: "*", from: "Shop", does: "open Users" },
    { key: "x", from: "Shop", does: undefined },
  ];
  for (const { key, from, does } of cases) {
    it(`does ${does ?? "nothing"} for ${key} at ${from}`, () => {
      const shown = rows("Methods", "Shop");
      const step = treeStep(shown, at(shown, from), key);
      assert.equal(step && [step.kind, ...(step.kind === "go" ? [step.id] : step.ids)].join(" "), does);
    });
  }
});

describe("rowByTyping()", () => {
  const shown = rows("Methods", "Shop");
  const typed = (text: string, from: string) => rowByTyping(shown, at(shown, from), text)?.node.id;
  it("goes on from one to the next of a letter, and round", () => {
    assert.equal(typed("o", "Methods"), "Order");
    assert.equal(typed("o", "Order"), "Open");
    assert.equal(typed("o", "Open"), "Order");
  });
  it("stays where more letters fit, in upper or lower case", () => assert.equal(typed("OPE", "Open"), "Open"));
  it("finds nothing where nothing is", () => assert.equal(typed("z", "Order"), undefined));
});
