import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readFilters, writeFilters } from "./query-filters.ts";

describe("filters in an address", () => {
  it("are read by their names, and empty where there is none", () =>
    assert.deepEqual(readFilters(["name", "state"], "name=a%20b&other=1"), { name: "a b", state: "" }));

  it("are written beside what stands there, and left out when they are empty", () => {
    assert.equal(writeFilters("other=1", { name: "a&b" }), "other=1&name=a%26b");
    assert.equal(writeFilters("name=x&other=1", { name: "" }), "other=1");
  });
});
