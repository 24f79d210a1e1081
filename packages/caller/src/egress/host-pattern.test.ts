import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatHostPattern, matchesHost, parseHostPattern } from "./host-pattern.ts";

describe("a pattern of hosts", () => {
  const cases: readonly {
    readonly text: string;
    readonly means: readonly string[];
    readonly not: readonly string[];
  }[] = [
    {
      text: "hooks.corp",
      means: ["hooks.corp", "hooks.corp."],
      not: ["a.hooks.corp", "corp", "xhooks.corp", "hooks.corp.evil.com"],
    },
    { text: "localhost", means: ["localhost", "localhost."], not: ["a.localhost", "localhost.evil.com"] },
    {
      text: "*.internal.example.com",
      means: ["a.internal.example.com", "a.b.internal.example.com", "a.internal.example.com."],
      not: [
        "internal.example.com",
        ".internal.example.com",
        "xinternal.example.com",
        "a.internal.example.com.evil.com",
      ],
    },
    { text: "*.corp", means: ["a.corp", "a.b.corp"], not: ["corp", "acorp", "a.corpx"] },
    { text: "HOOKS.Corp.", means: ["hooks.corp"], not: [] },
    { text: "Bücher.example", means: ["xn--bcher-kva.example"], not: ["bucher.example"] },
    { text: "*.bu\u0308cher.example", means: ["a.xn--bcher-kva.example"], not: ["xn--bcher-kva.example"] },
    { text: "ｈｏｏｋｓ。corp", means: ["hooks.corp"], not: [] },
    { text: "_http.my-hooks.corp", means: ["_http.my-hooks.corp"], not: [] },
    { text: "1.corp", means: ["1.corp"], not: ["1"] },
  ];
  for (const { text, means, not } of cases) {
    it(`"${text}" means ${means.join(", ")}${not.length > 0 ? `, and not ${not.join(", ")}` : ""}`, () => {
      const pattern = parseHostPattern(text);
      assert.ok(pattern);
      for (const host of means) assert.ok(matchesHost(pattern, host), host);
      for (const host of not) assert.ok(!matchesHost(pattern, host), host);
      assert.deepEqual(parseHostPattern(formatHostPattern(pattern)), pattern);
    });
  }

  const refused = [
    ["", "."],
    ["*", "*.", "*.*.corp", "a.*.corp", "a*.corp", "*corp", "**.corp"],
    [
      "hooks.corp:80",
      "http://hooks.corp",
      "hooks.corp/",
      "user@hooks.corp",
      "hooks.corp?x",
      "hooks.corp#x",
      "hooks.corp\\x",
    ],
    [
      "hooks..corp",
      ".hooks.corp",
      "hooks.corp..",
      "hooks corp",
      "hooks\tcorp",
      "hooks\u0000.corp",
      "%68ooks.corp",
      "h|ks.corp",
    ],
    [
      "127.1",
      "0177.0.0.1",
      "0x7f.1",
      "2130706433",
      "１２７.0.0.1",
      "a.1",
      "a.0x1",
      "a.0x",
      "*.1",
      "*.0.0.1",
      "10.0.0.0-10.0.0.9",
    ],
    ["[::1]", "::1", "fe80::1%eth0", "[fe80::1%25eth0]"],
    [`${"a".repeat(64)}.corp`, `${"a.".repeat(127)}corp`, "xn--\u00fc.corp"],
  ].flat();
  for (const text of refused)
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseHostPattern(text), undefined));
});
