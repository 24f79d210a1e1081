import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import type { Outbound } from "../keys/outbound.ts";
import { changedOutbound, changedPaths, type OutboundChanges } from "./outbound-changes.ts";
import { checkedOrigins } from "./outbound-rules.ts";

const SECRET = "kept-s3cr3t";
const BEFORE: Outbound = {
  headers: { "X-Key": SECRET, "x-other": "other" },
  oauth: {
    tokenUrl: "https://id.corp/token",
    clientId: "me",
    clientSecret: SECRET,
    scopes: ["a", "b"],
    audience: "them",
  },
  clientCertificate: undefined,
};
const EMPTY: Outbound = { headers: {}, oauth: undefined, clientCertificate: undefined };
const client = BEFORE.oauth ?? assert.fail();

describe("changedOutbound()", () => {
  const cases: readonly {
    readonly what: string;
    readonly before?: Outbound;
    readonly changes: OutboundChanges;
    readonly after: Outbound;
    readonly paths: readonly string[];
  }[] = [
    { what: "nothing that is not given", changes: {}, after: BEFORE, paths: [] },
    {
      what: "one header, and leaves the others",
      changes: { headers: { given: { "X-KEY": "new" }, removed: [] } },
      after: { ...BEFORE, headers: { "x-other": "other", "X-KEY": "new" } },
      paths: ["headers.x-key"],
    },
    {
      what: "no header that is given without a value",
      changes: { headers: { given: { "X-Key": "" }, removed: [] } },
      after: { ...BEFORE, headers: { "x-other": "other", "X-Key": SECRET } },
      paths: [],
    },
    {
      what: "the list of headers as a whole, whose kept ones need no value",
      changes: { headers: { given: { "x-key": "", a: "b" }, removed: "others" } },
      after: { ...BEFORE, headers: { "x-key": SECRET, a: "b" } },
      paths: ["headers.x-key", "headers.x-other", "headers.a"],
    },
    {
      what: "a header that is named and not given, which goes",
      changes: { headers: { given: {}, removed: ["x-key", "x-unknown"] } },
      after: { ...BEFORE, headers: { "x-other": "other" } },
      paths: ["headers.x-key"],
    },
    {
      what: "the scopes of a client, and leaves its secret",
      changes: { oauth: { scopes: [], audience: null } },
      after: { ...BEFORE, oauth: { ...client, scopes: [], audience: undefined } },
      paths: ["oauth2_client.scopes", "oauth2_client.audience"],
    },
    {
      what: "the token URL together with the secret",
      changes: { oauth: { tokenUrl: "https://id.example.com/token", clientSecret: "new" } },
      after: { ...BEFORE, oauth: { ...client, tokenUrl: "https://id.example.com/token", clientSecret: "new" } },
      paths: ["oauth2_client.token_url", "oauth2_client.client_secret"],
    },
    {
      what: "nothing where the same token URL is given without a secret",
      changes: { oauth: { tokenUrl: client.tokenUrl } },
      after: BEFORE,
      paths: [],
    },
    {
      what: "a client that goes",
      changes: { oauth: null },
      after: { ...BEFORE, oauth: undefined },
      paths: ["oauth2_client"],
    },
    {
      what: "a first client",
      before: EMPTY,
      changes: { oauth: { tokenUrl: "http://id.corp", clientId: "me", clientSecret: "s" } },
      after: {
        ...EMPTY,
        oauth: { tokenUrl: "http://id.corp", clientId: "me", clientSecret: "s", scopes: [], audience: undefined },
      },
      paths: ["oauth2_client"],
    },
  ];
  for (const { what, before = BEFORE, changes, after, paths } of cases) {
    it(`changes ${what}`, () => {
      const found = changedOutbound(before, changes);
      assert.deepEqual(found, after);
      assert.deepEqual(new Set(changedPaths(before, found)), new Set(paths));
    });
  }

  const first = { tokenUrl: "https://id.corp/token", clientId: "me", clientSecret: SECRET };
  const faults: readonly (readonly [what: string, changes: OutboundChanges, field: string, says: RegExp])[] = [
    ["a first header without a value", headers({ a: "" }), "headers", /"a" has no value/],
    [
      "a header of two lines",
      headers({ a: `${SECRET}\r\nb: c` }),
      "headers",
      /"a" has a value that no header can have/,
    ],
    ["a header that is Interpose's own", headers({ "Content-Type": SECRET }), "headers", /Interpose's own/],
    ["a header twice", headers({ a: SECRET, A: SECRET }), "headers", /given twice/],
    ["headers that are too long", headers({ a: SECRET.repeat(600) }), "headers", /6000|6,000/],
    ["no token URL", oauth({ tokenUrl: "" }), "oauth2_client.token_url", /is missing/],
    ["a token URL that is none", oauth({ tokenUrl: "id.corp" }), "oauth2_client.token_url", /not an absolute URL/],
    ["one of another scheme", oauth({ tokenUrl: "file:///etc/passwd" }), "oauth2_client.token_url", /http or https/],
    [
      "one with a password",
      oauth({ tokenUrl: `https://me:${SECRET}@id.corp` }),
      "oauth2_client.token_url",
      /Give them as client_id/,
    ],
    ["one with a fragment", oauth({ tokenUrl: "https://id.corp#a" }), "oauth2_client.token_url", /fragment/],
    [
      "one that is too long",
      oauth({ tokenUrl: `https://id.corp/${"a".repeat(1_000)}` }),
      "oauth2_client.token_url",
      /at most 1000/,
    ],
    ["no client id", oauth({ clientId: "" }), "oauth2_client.client_id", /client id is missing/],
    ["no secret", oauth({ clientSecret: "" }), "oauth2_client.client_secret", /client secret is missing/],
    ["a secret of two lines", oauth({ clientSecret: `${SECRET}\n` }), "oauth2_client.client_secret", /visible ASCII/],
    ["a scope with a space", oauth({ scopes: ["a", "b c"] }), "oauth2_client.scopes[1]", /no space/],
    ["too many scopes", oauth({ scopes: Array(51).fill("a") }), "oauth2_client.scopes", /51 scopes/],
  ];
  for (const [what, changes, field, says] of faults) {
    it(`refuses ${what}, and quotes no secret`, () => {
      assert.throws(
        () => changedOutbound(EMPTY, changes),
        (error) => {
          assert.ok(error instanceof InterposeError && error.reason === "target_invalid", String(error));
          assert.match(error.message, says);
          assert.deepEqual(
            error.violations.map((violation) => violation.field),
            [`outbound.${field}`],
          );
          assert.equal(error.message.includes(SECRET), false);
          return true;
        },
      );
    });
  }

  it("refuses another token URL without the secret, which was given for the one before", () => {
    assert.throws(
      () => changedOutbound(BEFORE, { oauth: { tokenUrl: "https://evil.example/token" } }),
      /client_secret: Another token URL needs the client secret again/,
    );
  });

  function headers(given: Readonly<Record<string, string>>): OutboundChanges {
    return { headers: { given, removed: [] } };
  }

  function oauth(given: OutboundChanges["oauth"] & object): OutboundChanges {
    return { oauth: { ...first, ...given } };
  }
});

describe("checkedOrigins()", () => {
  it("has one spelling, and none twice", () => {
    const given = ["https://Hooks.corp:443", "https://hooks.corp/", "http://hooks.corp"];
    assert.deepEqual(checkedOrigins(given), ["https://hooks.corp", "http://hooks.corp"]);
  });

  it("refuses what is none, by its place", () => {
    assert.throws(
      () => checkedOrigins(["https://a.corp", "a.corp"]),
      /outbound\.origins\[1\]: "a\.corp" is not an origin/,
    );
  });
});
