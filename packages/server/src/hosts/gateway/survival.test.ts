import { describe, it } from "node:test";
import { assertLittleIsLeft } from "../../../test/harness/survivors/index.ts";

describe("what a gateway makes for a call that is over", () => {
  for (const [what, conditions] of [
    ["passes", []],
    ["is looked at", ["request", "response"]],
  ] as const) {
    it(`goes with the collections of young objects, where it ${what}`, () =>
      assertLittleIsLeft("gateway-calls", conditions, 300));
  }
});
