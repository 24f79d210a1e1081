import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesWithoutUrlCredentials, withoutUrlCredentials } from "./url-credentials.ts";

describe("withoutUrlCredentials()", () => {
  const cases: readonly (readonly [name: string, text: string, expected: string])[] = [
    ["a user and a password", "https://me:secret@a.b/c?d=e@f", "https://a.b/c?d=e@f"],
    ["a user alone", "see http://me@a.b", "see http://a.b"],
    ["a password with an at sign", "https://me:s@cret@a.b", "https://a.b"],
    ["several", '["https://a:b@c/","amqp://d:e@f/"]', '["https://c/","amqp://f/"]'],
    ["slashes as JSON may write them", '{"a":"https:\\/\\/me:secret@a.b\\/"}', '{"a":"https:\\/\\/a.b\\/"}'],
    ["JSON in JSON", JSON.stringify('{"a":"https://me:secret@a.b"}'), JSON.stringify('{"a":"https://a.b"}')],
    ["what only parsers of browsers take for one", "https:me:secret@a.b https:/me:secret@a.b", "https:a.b https:/a.b"],
    ["capital letters", "HTTPS://ME:SECRET@A.B", "HTTPS://A.B"],
  ];
  for (const [name, text, expected] of cases) {
    it(`takes out ${name}`, () => {
      assert.equal(withoutUrlCredentials(text), expected);
      assert.equal(Buffer.from(bytesWithoutUrlCredentials(Buffer.from(text))).toString(), expected);
    });
  }

  for (const text of [
    "me@a.b",
    "https://a.b/@me",
    "https://a.b?to=me@c.d",
    "mailto:me@a.b",
    '{"url":"https://a.b","by":"me@c.d"}',
  ]) {
    it(`leaves ${text} as it is`, () => assert.equal(withoutUrlCredentials(text), text));
  }

  it("takes time in proportion to the length, whatever the text is", () => {
    for (const part of ["http:", "a://", "a:", "http:\\", "https://@"]) {
      const text = `${part.repeat(1_000_000 / part.length)} @`;
      const began = performance.now();
      withoutUrlCredentials(text);
      assert.ok(performance.now() - began < 10_000, part);
    }
  });
});
