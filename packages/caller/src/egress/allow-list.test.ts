import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { parseAllowList, readAllowEntry } from "./allow-list.ts";

describe("an entry of an allow list", () => {
  for (const [given, text] of [
    ["10.0.0.0/8", "10.0.0.0/8"],
    [" 192.0.2.7 ", "192.0.2.7"],
    ["FD00::/8", "fd00::/8"],
    ["Hooks.Corp.", "hooks.corp"],
    ["*.Bücher.example", "*.xn--bcher-kva.example"],
  ] as const) {
    it(`"${given}" is written "${text}", which is read as the same`, () => {
      const read = readAllowEntry(given);
      assert.equal(read.fault, undefined);
      assert.equal(read.text, text);
      assert.deepEqual(readAllowEntry(text), read);
    });
  }

  for (const [given, fault] of [
    ["10.0.0.0/33", '"10.0.0.0/33" is not a network. Write it as a CIDR'],
    ["hooks.corp/path", '"hooks.corp/path" is not a network.'],
    ["10.0.0/8", '"10.0.0/8" is not a network.'],
    ["10.0.0.0/8/8", '"10.0.0.0/8/8" is neither a network'],
    ["10.0.0", '"10.0.0" is neither a network, such as 10.0.0.0/8, nor a host. Write a host as hooks.corp'],
    ["hooks.corp:80", "without scheme, port and path"],
    ["https://hooks.corp", "without scheme, port and path"],
    ["*", "as *.corp for all names that end in .corp"],
    ["", '"" is neither'],
    ["x".repeat(300), "is too long"],
  ] as const) {
    it(`"${given.slice(0, 40)}" is refused`, () => {
      const read = readAllowEntry(given);
      assert.ok(read.fault !== undefined && read.fault.length < 250);
      assert.ok(read.fault.includes(fault), read.fault);
    });
  }

  it("that cannot be read is refused with the name of its setting", () => {
    assert.throws(
      () => parseAllowList(["10.0.0.0/8", "a b"], "a.setting"),
      (error) =>
        error instanceof InterposeError &&
        error.reason === "settings_invalid" &&
        error.message.startsWith('a.setting: "a b" is neither'),
    );
  });
});
