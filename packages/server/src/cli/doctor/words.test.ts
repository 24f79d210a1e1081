import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sizeOf, spanOf } from "./words.ts";

describe("words of the doctor", () => {
  it("says lengths of time in the largest unit that they have one of", () => {
    const spans: readonly (readonly [ms: number, text: string])[] = [
      [0, "0 seconds"],
      [400, "0 seconds"],
      [600, "1 second"],
      [59_400, "59 seconds"],
      [59_600, "1 minute"],
      [90_000, "2 minutes"],
      [3_569_000, "59 minutes"],
      [3_599_800, "1 hour"],
      [3_600_900, "1 hour"],
      [86_399_000, "1 day"],
      [259_200_000, "3 days"],
    ];
    for (const [ms, text] of spans) assert.equal(spanOf(ms), text, `${ms} ms`);
  });

  it("says sizes in their largest unit", () => {
    assert.equal(sizeOf(0), "0 bytes");
    assert.equal(sizeOf(1_023), "1023 bytes");
    assert.equal(sizeOf(1_024), "1 KiB");
    assert.equal(sizeOf(5 * 1_024 ** 3), "5 GiB");
  });
});
