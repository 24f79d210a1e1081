import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readRequestHead } from "../relay/header-fields.ts";
import { fieldsFromRaw, http1HeadOf, pairsOf, trailersOf } from "./fields.ts";

const OPTIONS = { host: "api:1", hasBody: true };

function headersOf(fields: readonly string[], options: Partial<typeof OPTIONS> & { upgrade?: string } = {}): string[] {
  const head = [":method", "POST", ":scheme", "http", ":path", "/", ...fields];
  return (
    http1HeadOf({ fields: head, neverIndexed: undefined }, { ...OPTIONS, ...options })?.headers ?? assert.fail("none")
  );
}

describe("http1HeadOf()", () => {
  const cases: readonly {
    readonly name: string;
    readonly fields: readonly string[];
    readonly options?: Parameters<typeof headersOf>[1];
    readonly headers: readonly string[];
  }[] = [
    {
      name: "a body of unknown length",
      fields: [":authority", "a"],
      headers: ["host", "a", "transfer-encoding", "chunked"],
    },
    {
      name: "a body of known length",
      fields: ["content-length", "5"],
      headers: ["host", "api:1", "content-length", "5"],
    },
    {
      name: "no body",
      fields: ["host", "b"],
      options: { hasBody: false },
      headers: ["host", "b", "content-length", "0"],
    },
    {
      name: "a host beside the authority, of which the latter counts",
      fields: [":authority", "a", "host", "b", "content-length", "1"],
      headers: ["host", "a", "content-length", "1"],
    },
    {
      name: "trailers that are announced and can follow",
      fields: ["trailer", "x-sum", "te", "trailers"],
      headers: [
        "host",
        "api:1",
        "te",
        "trailers",
        "connection",
        "te",
        "transfer-encoding",
        "chunked",
        "trailer",
        "x-sum",
      ],
    },
    {
      name: "trailers that are announced and cannot follow",
      fields: ["trailer", "x-sum", "content-length", "1"],
      headers: ["host", "api:1", "content-length", "1"],
    },
    {
      name: "cookies in several fields",
      fields: ["cookie", "a=1", "x-between", "1", "cookie", "b=2", "content-length", "1"],
      headers: ["host", "api:1", "x-between", "1", "cookie", "a=1; b=2", "content-length", "1"],
    },
    {
      name: "an upgrade",
      fields: [],
      options: { hasBody: false, upgrade: "websocket" },
      headers: ["host", "api:1", "connection", "upgrade", "upgrade", "websocket", "content-length", "0"],
    },
  ];
  for (const { name, fields, options, headers } of cases)
    it(`writes ${name}`, () => assert.deepEqual(headersOf(fields, options), headers));

  it("says of every request that the relay lets pass where it ends, once, and names one host", () => {
    const name = fc.constantFrom(
      "content-length",
      "host",
      "te",
      "cookie",
      "trailer",
      "expect",
      "x-a",
      "connection",
      "upgrade",
      "transfer-encoding",
    );
    const value = fc.oneof(fc.constantFrom("trailers", "0", "5", "chunked", "a", ""), fc.string({ maxLength: 5 }));
    const field = fc.tuple(name, value);
    const method = fc.constantFrom("GET", "POST", "get", "CONNECT", "OPTIONS", "P UT", "");
    const path = fc.oneof(fc.constantFrom("/", "*", "http://a/", "a", "//a", "?a"), fc.string({ maxLength: 5 }));
    const request = fc.tuple(
      method,
      path,
      fc.option(value, { nil: undefined }),
      fc.array(field, { maxLength: 6 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(request, ([verb, target, authority, others, hasBody]) => {
        const fields = [":method", verb, ":scheme", "http", ":path", target];
        if (authority !== undefined) fields.push(":authority", authority);
        fields.push(...others.flat());
        if (typeof readRequestHead(fields) === "string") return;
        const head = http1HeadOf({ fields, neverIndexed: undefined }, { host: "api", hasBody });
        if (!head) return;
        assert.match(head.method, /^[A-Z ]+$/);
        assert.ok(head.path.startsWith("/") || head.path === "*");
        const names = pairsOf(head.headers).map(([each]) => each);
        const count = (wanted: string): number => names.filter((each) => each === wanted).length;
        assert.equal(count("host"), 1);
        const ends = count("content-length") + count("transfer-encoding");
        assert.ok(hasBody ? ends === 1 : ends <= 1 && count("transfer-encoding") === 0, names.join(", "));
        assert.deepEqual([count("upgrade"), count("connection")], [0, count("te")]);
        assert.ok(!/[\r\n\0]/.test(head.headers.join("")));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("fieldsFromRaw()", () => {
  it("leaves out what belongs to the connection, by its name or because connection names it", () => {
    const raw = ["Host", "a", "Connection", "X-Own, close", "X-Own", "1", "X-Mine", " 2 ", "Keep-Alive", "5"];
    const more = [
      "TE",
      "gzip, trailers",
      "Upgrade",
      "h2c",
      "Transfer-Encoding",
      "chunked",
      "Set-Cookie",
      "a",
      "Set-Cookie",
      "b",
    ];
    const fields = fieldsFromRaw([...raw, ...more], "X-Own, close, te");
    assert.deepEqual(fields, ["x-mine", "2", "te", "trailers", "set-cookie", "a", "set-cookie", "b"]);
  });
});

describe("trailersOf()", () => {
  it("leaves out what would speak of where a message ends, or whom it is for", () => {
    const fields = ["content-length", "5", "x-sum", "1", "host", "b", "trailer", "x", "grpc-status", "0"];
    assert.deepEqual(trailersOf(fields), [
      ["x-sum", "1"],
      ["grpc-status", "0"],
    ]);
  });
});
