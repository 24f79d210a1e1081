import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOfPayload, MAX_PAYLOAD_DEPTH } from "./payload.ts";

function nested(levels: number, innermost: unknown): unknown {
  let value = innermost;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

describe("faultOfPayload()", () => {
  const good: readonly unknown[] = [
    {},
    { a: null, b: true, c: -0, d: "", e: [], f: { "": 1 }, g: "\u0001 😀 \\u0000" },
    nested(MAX_PAYLOAD_DEPTH, 1),
  ];
  for (const [i, payload] of good.entries())
    it(`takes what can be stored (${i})`, () => assert.equal(faultOfPayload(payload), undefined));

  const bad: readonly (readonly [payload: unknown, path: string, says: RegExp])[] = [
    [{ a: { b: ["x", "\0"] } }, ".a.b[1]", /U\+0000/],
    [{ a: { "x\0y": 1 } }, ".a.x\\u0000y", /U\+0000/],
    [{ a: "\ud83d" }, ".a", /half of a surrogate pair/],
    [{ "\udc00": 1 }, ".\ufffd", /half of a surrogate pair/],
    [{ a: [Number.POSITIVE_INFINITY] }, ".a[0]", /Infinity/],
    [{ a: Number.NaN }, ".a", /NaN/],
  ];
  for (const [payload, path, says] of bad) {
    it(`says that ${path} cannot be stored`, () => {
      const fault = faultOfPayload(payload);
      assert.equal(fault?.path, path);
      assert.match(fault.description, says);
    });
  }

  it("refuses what is nested deeper than it may be, however deep", () => {
    for (const levels of [MAX_PAYLOAD_DEPTH + 1, 200_000])
      assert.match(faultOfPayload(nested(levels, 1))?.description ?? "", /nested deeper than 100 levels/);
  });

  it("shortens the way to what lies deep", () => {
    const fault = faultOfPayload({ ["k".repeat(5_000)]: nested(MAX_PAYLOAD_DEPTH, {}) });
    assert.ok(fault && fault.path.length <= 120, fault?.path);
  });
});
