import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeIntoPages } from "./live-pages.ts";

const rows = (...ids: readonly (number | string)[]): { id: string; text?: string }[] =>
  ids.map((id) => ({ id: String(id) }));
const idsOf = (pages: readonly (readonly { id: string }[])[]): string =>
  pages.map((page) => page.map(({ id }) => id).join(" ")).join(" | ");

describe("mergeIntoPages()", () => {
  const cases = [
    { has: "the newest first", pages: [[5, 4]], told: [7, 6], is: "7 6 5 4" },
    { has: "ids in the order of numbers", pages: [[9]], told: [10], is: "10 9" },
    { has: "each in the page of its neighbours", pages: [[8, 6], [4]], told: [9, 7, 5], is: "9 8 7 6 | 5 4" },
    { has: "what is older than all, at the end of a list", pages: [[8], [4]], told: [2], is: "8 | 4 2" },
    { has: "not what a later page will have", pages: [[8], [4]], told: [2], hasMore: true, is: "8 | 4" },
    { has: "rows of a list that was empty", pages: [], told: [1], is: "1" },
    { has: "whole pages at most", pages: [[8, 7], [6]], told: [9], maxRows: 3, is: "9 8 7" },
    { has: "no more than it may", pages: [[8, 7]], told: [9], maxRows: 2, is: "9 8", isCut: true },
  ];
  for (const { has, pages, told, hasMore = false, maxRows = 100, is, isCut = false } of cases) {
    it(`has ${has}`, () => {
      const merged = mergeIntoPages(
        pages.map((ids) => rows(...ids)),
        rows(...told),
        { adds: true, hasMore, maxRows },
      );
      assert.equal(idsOf(merged.pages), is);
      assert.equal(merged.isCut, isCut);
    });
  }

  it("changes what is there, and leaves what is not, where nothing may be added", () => {
    const { pages, left, addedCount } = mergeIntoPages([rows(3, 2)], [{ id: "2", text: "changed" }, { id: "4" }], {
      adds: false,
      hasMore: false,
      maxRows: 10,
    });
    assert.deepEqual(pages, [[{ id: "3" }, { id: "2", text: "changed" }]]);
    assert.deepEqual(left, rows(4));
    assert.equal(addedCount, 0);
  });
});
