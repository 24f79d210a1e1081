import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Match } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import { parseConditionId } from "../../components/condition.ts";
import { changedOptions, isVersioned, NO_OPTIONS, sameEntries, type DraftOptions } from "./draft.ts";

describe("changedOptions()", () => {
  const cases: readonly { change: Partial<DraftOptions>; paths: readonly string[] }[] = [
    { change: {}, paths: [] },
    { change: { hiddenFields: "  \n" }, paths: [] },
    { change: { runOnErrors: true, hiddenFields: "a.b,  c" }, paths: ["run_on_errors", "hidden_fields"] },
    { change: { fifoBy: " aggregate " }, paths: ["fifo_by"] },
    { change: { match: Match.EQUIVALENT }, paths: ["match"] },
    { change: { shadows: ["1"] }, paths: ["shadow_targets"] },
  ];
  for (const { change, paths } of cases)
    it(`names ${paths.join() || "nothing"} for ${JSON.stringify(change)}`, () =>
      assert.deepEqual(changedOptions(NO_OPTIONS, { ...NO_OPTIONS, ...change }).paths, paths));
  it("reads hidden fields as a list", () =>
    assert.deepEqual(changedOptions(NO_OPTIONS, { ...NO_OPTIONS, hiddenFields: "a.b,  c\nd" }).options.hiddenFields, [
      "a.b",
      "c",
      "d",
    ]));
});

describe("sameEntries()", () => {
  it("minds the order, and tells targets from includes", () => {
    const [a, b] = [
      { kind: "target", id: "1" },
      { kind: "include", id: "1" },
    ] as const;
    assert.ok(sameEntries([a, b], [a, b]));
    assert.ok(!sameEntries([a, b], [b, a]));
    assert.ok(!sameEntries([a], [b]));
  });
});

describe("isVersioned()", () => {
  for (const [id, is] of [
    ["request/shop.v1.Shop/Order", true],
    ["response/shop.v2beta1.Shop", true],
    ["request/shop.Shop/Order", false],
    ["request", false],
    ["event/v1.added", false],
  ] as const)
    it(`is ${is} of ${id}`, () => {
      const parts = parseConditionId(id);
      assert.equal(parts && isVersioned(parts), is);
    });
});
