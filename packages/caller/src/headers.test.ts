import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOfTargetHeaders } from "./headers.ts";

const SECRET = "s3cr3t";

describe("faultOfTargetHeaders()", () => {
  const good: readonly Readonly<Record<string, string>>[] = [
    {},
    { "X-Api-Key": SECRET, authorization: `Bearer ${SECRET}` },
    { Cookie: "a=1;\tb=2", "x_y.z": "!~" },
    Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x-${i}`, "1"])),
    { x: "v".repeat(5_999) },
  ];
  for (const headers of good) {
    it(`lets ${Object.keys(headers).slice(0, 3).join(", ") || "none"} pass`, () =>
      assert.equal(faultOfTargetHeaders(headers), undefined));
  }

  const bad: readonly [headers: Readonly<Record<string, string>>, fault: RegExp][] = [
    ...[
      "Host",
      "connection",
      "Keep-Alive",
      "TE",
      "Trailer",
      "Transfer-Encoding",
      "upgrade",
      "Expect",
      "Accept-Encoding",
      "User-Agent",
      "traceparent",
      "ZITADEL-Signature",
      "Content-Type",
      "content-length",
      "Content-Anything",
      "Proxy-Authorization",
      "Webhook-Id",
      "webhook-signature",
      "Interpose-Run",
    ].map((name): [Record<string, string>, RegExp] => [
      { [name]: SECRET },
      new RegExp(`^The header "${name}" is Interpose's own, and cannot be given\\.$`),
    ]),
    ...["", "a b", "a:b", "a\r\nb", "ä", "a\0"].map((name): [Record<string, string>, RegExp] => [
      { [name]: SECRET },
      /^The header ".*" has a name that is none/,
    ]),
    ...["\r\nhost: evil", "\n", "\r", "\0", "\x7f", "ü", "\u{2028}"].map((middle): [Record<string, string>, RegExp] => [
      { "x-a": `${SECRET}${middle}${SECRET}` },
      /^The header "x-a" has a value that no header can have/,
    ]),
    [{ "x-a": `${SECRET} ` }, /has a value that no header can have/],
    [{ "x-a": "" }, /^The header "x-a" has no value\.$/],
    [{ "X-A": SECRET, "x-a": SECRET }, /^The header "x-a" is given twice\.$/],
    [{ ["x".repeat(101)]: SECRET }, /has a name of more than 100 characters/],
    [{ x: "v".repeat(6_000) }, /^The headers have 6001 characters/],
    [Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`x-${i}`, SECRET])), /^51 headers are given/],
  ];
  for (const [headers, fault] of bad) {
    it(`refuses ${JSON.stringify(headers).slice(0, 60)}, and does not say its value`, () => {
      const text = faultOfTargetHeaders(headers) ?? "";
      assert.match(text, fault);
      assert.ok(!text.includes(SECRET));
    });
  }
});
