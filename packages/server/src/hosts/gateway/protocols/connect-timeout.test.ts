import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { grpcTimeout } from "./connect-timeout.ts";

describe("grpcTimeout()", () => {
  for (const [given, expected] of [
    [undefined, undefined],
    ["0", "0m"],
    ["99999999", "99999999m"],
    ["100000000", "100000S"],
    ["9999999999", "10000000S"],
  ] as const) {
    it(`writes ${given ?? "nothing"} as ${expected ?? "nothing"}`, () => assert.equal(grpcTimeout(given), expected));
  }
  for (const given of ["", "-1", "1.5", "1e3", "12345678901", "ten", " 1"]) {
    it(`refuses "${given}"`, () => assert.throws(() => grpcTimeout(given), { reason: "bad_request" }));
  }
});
