import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createIsoTime } from "./iso-time.ts";

describe("createIsoTime()", () => {
  it("says what Date says, forward and back, over the ends of seconds, days and years", () => {
    let ms = 0;
    const isoTime = createIsoTime(() => ms);
    const newYear = Date.UTC(2026, 11, 31, 23, 59, 59, 998);
    for (const each of [
      newYear,
      newYear + 1,
      newYear + 2,
      newYear + 3,
      newYear + 1_002,
      newYear - 5_000,
      0,
      999,
      1_000,
    ]) {
      ms = each;
      assert.equal(isoTime(), new Date(each).toISOString());
    }
  });
});
