import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesOrigin, parseOriginPattern } from "./origin-patterns.ts";

describe("parseOriginPattern()", () => {
  const spellings: readonly (readonly [given: string, text: string])[] = [
    ["https://hooks.corp", "https://hooks.corp"],
    [" HTTPS://Hooks.Corp.:443/ ", "https://hooks.corp"],
    ["http://hooks.corp:8080", "http://hooks.corp:8080"],
    ["https://*.Bücher.example", "https://*.xn--bcher-kva.example"],
    ["https://*.corp:8443", "https://*.corp:8443"],
    ["http://10.0.0.1:80", "http://10.0.0.1"],
    ["http://0x7f.1", "http://127.0.0.1"],
    ["https://[FD00::0:1]:443", "https://[fd00::1]"],
  ];
  for (const [given, text] of spellings) {
    it(`reads ${given}`, () => {
      assert.equal(parseOriginPattern(given)?.text, text);
      assert.equal(parseOriginPattern(text)?.text, text, "its own spelling is read as the same");
    });
  }

  const faults = [
    "",
    "hooks.corp",
    "*",
    "https://*",
    "https://*.",
    "https://a.*.corp",
    "https://*corp",
    "*://hooks.corp",
    "ftp://hooks.corp",
    "https://hooks.corp/path",
    "https://hooks.corp?a",
    "https://hooks.corp#a",
    "https://me:secret@hooks.corp",
    "https://hooks.corp:99999",
    "https://hooks.corp:*",
    "https://fd00::1",
    "https://*.10.0.0.1",
    "https://10.0.0.0/8",
    `https://${"a".repeat(400)}`,
  ];
  for (const given of faults) {
    it(`refuses ${JSON.stringify(given.slice(0, 40))}`, () => assert.equal(parseOriginPattern(given), undefined));
  }
});

describe("matchesOrigin()", () => {
  const cases: readonly (readonly [pattern: string, url: string, matches: boolean])[] = [
    ["https://hooks.corp", "https://hooks.corp/any?path", true],
    ["https://hooks.corp", "https://HOOKS.corp.:443/", true],
    ["https://hooks.corp", "https://user:password@hooks.corp/", true],
    ["https://hooks.corp", "http://hooks.corp/", false],
    ["https://hooks.corp", "https://hooks.corp:8443/", false],
    ["https://hooks.corp", "https://hooks.corp.evil.example/", false],
    ["https://hooks.corp", "https://evil-hooks.corp/", false],
    ["https://hooks.corp", "https://hooks.corp@evil.example/", false],
    ["https://hooks.corp", "https://evil.example/https://hooks.corp", false],
    ["https://hooks.corp:8443", "https://hooks.corp:8443/", true],
    ["https://hooks.corp:8443", "https://hooks.corp/", false],
    ["https://*.corp", "https://a.corp/", true],
    ["https://*.corp", "https://a.b.corp/", true],
    ["https://*.corp", "https://corp/", false],
    ["https://*.corp", "https://acorp/", false],
    ["https://*.corp", "https://a.corp:1/", false],
    ["http://127.0.0.1:80", "http://2130706433/", true],
    ["http://127.0.0.1", "http://127.0.0.1:8080/", false],
    ["https://[::1]", "https://[0:0::1]/", true],
  ];
  for (const [text, url, matches] of cases) {
    it(`${text} is ${matches ? "" : "not "}${url}`, () => {
      const pattern = parseOriginPattern(text) ?? assert.fail(text);
      assert.equal(matchesOrigin(pattern, new URL(url)), matches);
    });
  }
});
