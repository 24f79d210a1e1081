import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { DifferenceSchema } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { readableDifferences, readablePath } from "./differences.ts";

describe("readablePath()", () => {
  for (const [pointer, path] of [
    ["", ""],
    ["/name", "name"],
    ["/order/lines/0/price", "order.lines[0].price"],
    ["/0/a", "[0].a"],
    ["/labels/a~1b~0c.d", 'labels["a/b~c.d"]'],
    ["/a/", 'a[""]'],
  ] as const) {
    it(`reads ${pointer} as ${path}`, () => assert.equal(readablePath(pointer), path));
  }
});

describe("readableDifferences()", () => {
  it("has values as JSON, null among them, and nothing where nothing was", () => {
    const [difference] = readableDifferences([
      create(DifferenceSchema, { path: "/a", after: fromJson(ValueSchema, null) }),
    ]);
    assert.deepEqual(difference, { path: "a", before: "", after: "null" });
  });
});
