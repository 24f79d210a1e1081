import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startMessage } from "./start-message.ts";

describe("startMessage()", () => {
  for (const [allow, only, says] of [
    [[], false, undefined],
    [["10.0.0.0/8", "hooks.corp"], false, "targets may live at public addresses and in 10.0.0.0/8, hooks.corp"],
    [["10.0.0.0/8", "hooks.corp"], true, "targets may live only in 10.0.0.0/8, hooks.corp"],
    [[], true, "targets may live only where lists of their own say"],
  ] as const) {
    it(`says where targets may live: ${says ?? "nothing, where that is the default"}`, () => {
      const given = { version: "1.0.0", url: "http://127.0.0.1:8080", store: "s", firstToken: undefined, gateways: [] };
      const text = startMessage({ ...given, egress: { allow: [...allow], only } });
      assert.equal(/^ {2}Egress {3}(.*)$/m.exec(text)?.[1], says);
      assert.match(text, /^ {2}Console {2}http:\/\/127\.0\.0\.1:8080\/$/m);
    });
  }
});
