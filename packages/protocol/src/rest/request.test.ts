import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InterposeError } from "@interpose/engine";
import { Things } from "../../test/things.ts";
import { ActionService } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { TargetService } from "../gen/interpose/v1/target_service_pb.js";
import { TokenService } from "../gen/interpose/v1/token_service_pb.js";
import { decodeRequest } from "./request.ts";
import { encodeResponse } from "./response.ts";
import { createRoutes } from "./routes.ts";

const ROUTES = createRoutes([ActionService, TokenService, TargetService, Things]);

/** The message that a request makes, as JSON. */
function decode(verb: string, url: string, body: string | Uint8Array = ""): unknown {
  const [path = "", query = ""] = url.split("?");
  const match = ROUTES.match(verb, path);
  if (match.kind !== "found") return assert.fail(`${verb} ${path} leads nowhere`);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return toJson(
    match.route.method.input,
    decodeRequest(match.route, { variables: match.variables, query, body: bytes }),
  );
}

function refusal(work: () => unknown): InterposeError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof InterposeError, String(error));
    return error;
  }
  return assert.fail("nothing was refused");
}

describe("decodeRequest()", () => {
  const good: readonly { name: string; verb: string; url: string; body?: string; gives: unknown }[] = [
    {
      name: "a whole body",
      verb: "POST",
      url: "/v3alpha/targets",
      body: '{"name":"a","timeout":"1.5s","restCall":{"interruptOnError":true}}',
      gives: { name: "a", timeout: "1.500s", restCall: { interruptOnError: true } },
    },
    {
      name: "proto names in a body",
      verb: "POST",
      url: "/v3alpha/targets",
      body: '{"rest_call":{"interrupt_on_error":true}}',
      gives: { restCall: { interruptOnError: true } },
    },
    {
      name: "unknown fields at any depth, by ignoring them",
      verb: "POST",
      url: "/v3alpha/targets",
      body: '{"nope":1,"restCall":{"nope":{"a":[1]}}}',
      gives: { restCall: {} },
    },
    {
      name: "a path that wins over the body, in either spelling",
      verb: "PUT",
      url: "/v3alpha/targets/7",
      body: '{"target_id":"8","targetId":"9","name":"a"}',
      gives: { targetId: "7", name: "a" },
    },
    {
      name: "DELETE with a body",
      verb: "DELETE",
      url: "/v3alpha/executions",
      body: '{"condition":{"request":{"all":true}}}',
      gives: { condition: { request: { all: true } } },
    },
    { name: "no body", verb: "POST", url: "/v3alpha/targets", gives: {} },
    { name: "white space for a body", verb: "POST", url: "/v3alpha/targets", body: " \n", gives: {} },
    {
      name: "null for a field",
      verb: "POST",
      url: "/v3alpha/targets",
      body: '{"name":null,"restCall":null}',
      gives: {},
    },
    {
      name: "enums by name and by number",
      verb: "POST",
      url: "/v3alpha/targets/search",
      body: '{"sortingColumn":"FIELD_NAME_NAME","queries":[{"targetNameQuery":{"method":4}}]}',
      gives: {
        sortingColumn: "FIELD_NAME_NAME",
        queries: [{ targetNameQuery: { method: "TEXT_QUERY_METHOD_CONTAINS" } }],
      },
    },
    {
      name: "64-bit numbers as text and as number",
      verb: "POST",
      url: "/v3alpha/targets/search",
      body: '{"query":{"offset":"18446744073709551615","limit":3}}',
      gives: { query: { offset: "18446744073709551615", limit: 3 } },
    },
    {
      name: "a body that is one field",
      verb: "PATCH",
      url: "/v1/targets/7/settings",
      body: '{"dialect":"DIALECT_V2"}',
      gives: { targetId: "7", settings: { dialect: "DIALECT_V2" } },
    },
    {
      name: "a query beside a body of one field",
      verb: "PUT",
      url: "/v1/things/x?flag=true&inner.count=9",
      body: '{"label":"l"}',
      gives: { text: "x", flag: true, inner: { label: "l" } },
    },
    {
      name: "a query of every scalar",
      verb: "GET",
      url: "/v1/all?flag=true&int_32=-5&int64=-9007199254740993&uint32=5&uint_64=18446744073709551615&single=1.5&number=-2e3&data=_-8&text=a%20b+c&color=COLOR_RED",
      gives: {
        flag: true,
        int32: -5,
        int64: "-9007199254740993",
        uint32: 5,
        uint64: "18446744073709551615",
        single: 1.5,
        number: -2000,
        data: "/+8=",
        text: "a b c",
        color: "COLOR_RED",
      },
    },
    {
      name: "a query of repeated and nested fields",
      verb: "GET",
      url: "/v1/all?texts=a&texts=b&colors=1&colors=COLOR_RED&inner.deeper.count=3&inner.label=l",
      gives: { texts: ["a", "b"], colors: ["COLOR_RED", "COLOR_RED"], inner: { label: "l", deeper: { count: 3 } } },
    },
    {
      name: "a query of well-known types",
      verb: "GET",
      url: "/v1/all?time=2024-06-25T13:35:39.391Z&length=1.5s&mask=a.b,c&maybe=5",
      gives: { time: "2024-06-25T13:35:39.391Z", length: "1.500s", mask: "a.b,c", maybe: "5" },
    },
    { name: "an enum by number, as text", verb: "GET", url: "/v1/all?color=7", gives: { color: 7 } },
    {
      name: "unknown parameters, by ignoring them",
      verb: "GET",
      url: "/v1/all?nope=1&inner.nope=2&text.more=3&__proto__.x=4",
      gives: {},
    },
    { name: "a body on a GET, by ignoring it", verb: "GET", url: "/v1/all", body: "{not json", gives: {} },
    {
      name: "a path into a nested field, beside a whole body",
      verb: "POST",
      url: "/v1/files/a/b:copy",
      body: '{"inner":{"label":"x","count":2},"anything":{"a":[1,null]}}',
      gives: { inner: { label: "files/a/b", count: 2 }, anything: { a: [1, null] } },
    },
    {
      name: "a query that a whole body makes void",
      verb: "POST",
      url: "/v1/files/a:copy?text=x",
      gives: { inner: { label: "files/a" } },
    },
    {
      name: "keys that objects have already",
      verb: "POST",
      url: "/v3alpha/targets",
      body: '{"__proto__":{"name":"x"},"constructor":1,"name":"a"}',
      gives: { name: "a" },
    },
  ];
  for (const { name, verb, url, body, gives } of good)
    it(`reads ${name}`, () => assert.deepEqual(decode(verb, url, body), gives));

  const bad: readonly {
    name: string;
    verb?: string;
    url?: string;
    body?: string | Uint8Array;
    field?: string;
    says: RegExp;
  }[] = [
    { name: "what is not JSON", body: "{", says: /not JSON/ },
    { name: "a list for a message", body: "[]", says: /expected a JSON object, not "a list"/ },
    { name: "a text for a message", body: '"x"', says: /expected a JSON object/ },
    { name: "null for the whole body", body: "null", says: /expected a JSON object/ },
    { name: "bytes that are not UTF-8", body: new Uint8Array([0x7b, 0xff, 0x7d]), says: /UTF-8/ },
    { name: "a number for a text", body: '{"name":5}', field: "name", says: /name: expected a text, not "a number"/ },
    {
      name: "a text for a flag",
      body: '{"restCall":{"interruptOnError":"yes"}}',
      field: "restCall.interruptOnError",
      says: /expected true or false, not "yes"/,
    },
    { name: "a text for a message field", body: '{"restCall":"x"}', field: "restCall", says: /expected a JSON object/ },
    {
      name: "an unknown name of an enum",
      url: "/v3alpha/targets/search",
      body: '{"sortingColumn":"NOPE"}',
      field: "sortingColumn",
      says: /expected one of FIELD_NAME_UNSPECIFIED, .*not "NOPE"/,
    },
    {
      name: "an unknown name of an enum, deep in a list",
      url: "/v3alpha/targets/search",
      body: '{"queries":[{},{"targetNameQuery":{"method":"NOPE"}}]}',
      field: "queries[1].targetNameQuery.method",
      says: /TEXT_QUERY_METHOD_EQUALS/,
    },
    {
      name: "an object for a list",
      url: "/v3alpha/targets/search",
      body: '{"queries":{}}',
      field: "queries",
      says: /expected a list/,
    },
    {
      name: "a fraction for a whole number",
      url: "/v3alpha/targets/search",
      body: '{"query":{"limit":1.5}}',
      field: "query.limit",
      says: /a whole number, not "1.5"/,
    },
    {
      name: "a number out of range",
      url: "/v3alpha/targets/search",
      body: '{"query":{"limit":4294967296}}',
      field: "query.limit",
      says: /query\.limit: expected a whole number from 0 to 4294967295, not "4294967296"/,
    },
    {
      name: "a negative number where there is none, given as a text",
      url: "/v3alpha/targets/search",
      body: '{"query":{"offset":"-1"}}',
      field: "query.offset",
      says: /query\.offset: expected a whole number from 0 to 18446744073709551615, not "-1"/,
    },
    {
      name: "a number of a hundred digits",
      url: "/v3alpha/targets/search",
      body: `{"query":{"offset":"${"9".repeat(100)}"}}`,
      field: "query.offset",
      says: /from 0 to 18446744073709551615/,
    },
    {
      name: "half of a surrogate pair",
      url: "/v3alpha/targets/search",
      body: '{"queries":[{"targetNameQuery":{"targetName":"a\\ud800"}}]}',
      field: "queries[0].targetNameQuery.targetName",
      says: /a text of whole characters/,
    },
    {
      name: "a duration that is none",
      body: '{"timeout":"soon"}',
      field: "timeout",
      says: /timeout: expected a duration such as "10s", not "soon"/,
    },
    {
      name: "two members of a oneof",
      body: '{"restCall":{},"restAsync":{}}',
      says: /either restCall or restAsync, not "both"/,
    },
    { name: "101 levels", body: `${'{"a":'.repeat(101)}1${"}".repeat(101)}`, says: /100 levels/ },
    { name: "a hundred thousand levels", body: "[".repeat(100_000), says: /100 levels/ },
    {
      name: "a flag that is none, in a query",
      verb: "GET",
      url: "/v1/all?flag=yes",
      body: "",
      field: "flag",
      says: /true or false, not "yes"/,
    },
    {
      name: "a number that is none, in a query",
      verb: "GET",
      url: "/v1/all?int_64=1x",
      body: "",
      field: "int_64",
      says: /whole number/,
    },
    { name: "a map in a query", verb: "GET", url: "/v1/all?counts=1", body: "", field: "counts", says: /a map/ },
    {
      name: "a message in a query",
      verb: "GET",
      url: "/v1/all?inner=1",
      body: "",
      field: "inner",
      says: /inner\.field=value/,
    },
    {
      name: "one value given twice, in a query",
      verb: "GET",
      url: "/v1/all?text=a&text=b",
      body: "",
      field: "text",
      says: /more than once/,
    },
    {
      name: "an enum that is none, in a query",
      verb: "GET",
      url: "/v1/all?color=GREEN",
      body: "",
      field: "color",
      says: /COLOR_RED/,
    },
  ];
  for (const { name, verb = "POST", url = "/v3alpha/targets", body, field, says } of bad) {
    it(`refuses ${name}`, () => {
      const error = refusal(() => decode(verb, url, body));
      assert.equal(error.code, "invalid_argument");
      assert.match(error.message, says);
      if (field !== undefined) assert.equal(error.violations[0]?.field, field);
    });
  }
});

describe("encodeResponse()", () => {
  const encode = (verb: string, path: string, body: string): string => {
    const match = ROUTES.match(verb, path);
    if (match.kind !== "found") return assert.fail();
    const message = decodeRequest(
      { ...match.route, body: "message" },
      { variables: [], query: "", body: new TextEncoder().encode(body) },
    );
    return new TextDecoder().decode(encodeResponse(match.route, message).bytes);
  };

  it("writes lowerCamelCase, and leaves zero values out", () => {
    assert.equal(
      encode("GET", "/v1/all", '{"uint_64":"5","text":"","flag":false,"time":"2024-06-25T13:35:39Z"}'),
      '{"uint64":"5","time":"2024-06-25T13:35:39Z"}',
    );
  });

  it("writes one field alone where response_body says so, its zero value too", () => {
    assert.equal(encode("PUT", "/v1/things/x", '{"inner":{"label":"l"}}'), '{"label":"l"}');
    assert.equal(encode("PUT", "/v1/things/x", "{}"), "{}");
    assert.equal(encode("POST", "/v1/files/x:copy", "{}"), "[]");
  });
});

describe("the transcoder, given anything", () => {
  const CLIENT_FAULTS = new Set(["invalid_argument", "not_found", "unimplemented", "resource_exhausted"]);
  const segment = fc.constantFrom(
    "v3alpha",
    "v1",
    "targets",
    "executions",
    "search",
    "tokens",
    "things",
    "files",
    "shelves",
    "all",
    "a",
    "",
    "%2F",
    "%",
    "a:b",
    "x:copy",
    "7:revoke",
    "é",
    "..",
  );
  const path = fc
    .array(fc.oneof({ weight: 5, arbitrary: segment }, fc.string({ maxLength: 6 })), { maxLength: 6 })
    .map((parts) => `/${parts.join("/")}`);
  const known = fc.constantFrom(
    "/v3alpha/targets",
    "/v3alpha/targets/7",
    "/v3alpha/executions",
    "/v3alpha/targets/search",
    "/v3alpha/executions/search",
    "/v1/things/x",
    "/v1/all",
    "/v1/files/a:copy",
    "/v1/tokens",
  );
  const key = fc.constantFrom(
    "name",
    "timeout",
    "restCall",
    "condition",
    "request",
    "all",
    "targets",
    "include",
    "queries",
    "method",
    "query",
    "limit",
    "inner",
    "counts",
    "anything",
    "mask",
    "time",
    "data",
    "color",
    "__proto__",
    "@type",
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(
        null,
        true,
        0,
        -1,
        1.5,
        1e300,
        "",
        "a",
        "10s",
        "-1",
        "NaN",
        "FIELD_NAME_ID",
        "2024-01-01T00:00:00Z",
      ),
      fc.string({ maxLength: 5 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  }));
  const body = fc.oneof(
    { weight: 6, arbitrary: fc.dictionary(key, value, { maxKeys: 5 }).map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.json() },
  );
  const query = fc
    .array(
      fc.tuple(
        fc.oneof(key, fc.string({ maxLength: 5 })),
        fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom("1", "true")),
      ),
      { maxLength: 4 },
    )
    .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join("&"));

  it("decodes or refuses as the client's fault, and never breaks", () => {
    const verb = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "REPORT", "get", "");
    fc.assert(
      fc.property(
        verb,
        fc.oneof(path, known),
        query,
        fc.oneof(body, fc.uint8Array({ maxLength: 40 })),
        (method, where, search, content) => {
          try {
            const match = ROUTES.match(method, where);
            if (match.kind !== "found") return;
            const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
            const message = decodeRequest(match.route, { variables: match.variables, query: search, body: bytes });
            toJson(match.route.method.input, message);
          } catch (error) {
            assert.ok(error instanceof InterposeError, error instanceof Error ? error.stack : String(error));
            assert.ok(CLIENT_FAULTS.has(error.code), error.code);
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
