import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { createNetworks } from "./networks.ts";

describe("createNetworks()", () => {
  const networks = createNetworks(["10.0.0.0/8", " 192.0.2.7", "fd00::/8"], "a.setting");
  for (const [address, has] of [
    ["10.255.0.1", true],
    ["11.0.0.1", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["fd12::1", true],
    ["fe80::1", false],
    ["", false],
    ["10.0.0.1, 10.0.0.2", false],
    ["010.0.0.1", false],
  ] as const) {
    it(`${has ? "has" : "does not have"} "${address}"`, () => assert.equal(networks.has(address), has));
  }

  it("refuses what is no network, naming it and its setting", () => {
    assert.throws(
      () => createNetworks(["10.0.0.0/33"], "a.setting"),
      (error) =>
        error instanceof InterposeError &&
        error.reason === "settings_invalid" &&
        error.message.startsWith('a.setting: "10.0.0.0/33"'),
    );
  });
});
