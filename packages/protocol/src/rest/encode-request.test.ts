import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, equals, fromJson, toJson, type DescMethod, type JsonValue, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InterposeError } from "@interpose/engine";
import { anyThing, sayableThing } from "../../test/arbitrary-things.ts";
import { Flows, registry, Thing, Things } from "../../test/things.ts";
import type { Route } from "./bindings.ts";
import { put, type MutableJson } from "./fields-in-json.ts";
import { encodeRequest, type EncodedRequest } from "./encode-request.ts";
import { decodeRequest } from "./request.ts";
import { createRoutes } from "./routes.ts";

const ROUTES = createRoutes([Things, Flows]);
const NOTHING = new Uint8Array();

function routeOf(template: string): Route {
  return ROUTES.all.find((route) => route.template.text === template) ?? assert.fail(template);
}

/** The message that a request makes, at the route that its path leads to. */
function read(verb: string, { path, body }: EncodedRequest): { readonly route: Route; readonly message: Message } {
  const [plain = "", query = ""] = path.split("?");
  const match = ROUTES.match(verb, plain);
  if (match.kind !== "found") return assert.fail(`${verb} ${path} leads nowhere`);
  const request = { variables: match.variables, query, body: body?.bytes ?? NOTHING, contentType: body?.contentType };
  return { route: match.route, message: decodeRequest(match.route, request, registry) };
}

const thing = (json: JsonValue): Message => fromJson(Thing, json, { registry });
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

function same(is: Message, expected: Message, { path, body }: EncodedRequest): void {
  const [a, b] = [is, expected].map((each) => toJson(Thing, each, { registry }));
  assert.deepEqual(a, b, `by ${path} ${text(body?.bytes)}`);
}

/** What it makes of a thing; undefined where the thing cannot be said. */
function attempt(work: () => EncodedRequest): EncodedRequest | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof InterposeError && error.reason === "not_over_rest", String(error));
    assert.ok(error.violations.length > 0, error.message);
    return undefined;
  }
}

const ROUTES_OF_THINGS = ROUTES.all.filter(
  ({ method, template }) => method.input === Thing && isCallable(method) && !template.text.includes("/*/{color"),
);

/** Things for a route; most of them fit its path, and its query. */
function thingFor(route: Route): fc.Arbitrary<Message> {
  const fits: Readonly<Record<string, readonly string[]>> = {
    name: ["shelves/1/things/2", "shelves/a b/things/c:d", "a/b%2Fc", "x"],
    text: ["search", "a/b", "é:copy"],
    "inner.label": ["files/a/b", "files/a%2fb/:"],
  };
  const sayable = fc.oneof({ weight: 9, arbitrary: route.body === "message" ? anyThing : sayableThing }, anyThing);
  const texts = route.template.variables.map(({ fieldPath }) =>
    fc.constantFrom(...(fits[fieldPath.join(".")] ?? []), undefined),
  );
  return fc.tuple(sayable, ...texts).map(([message, ...given]) => {
    const json = toJson(Thing, message, { registry }) as MutableJson;
    for (const [i, value] of given.entries()) if (value !== undefined) put(json, route.variableFields[i] ?? [], value);
    return thing(json as JsonValue);
  });
}

const routeAndThing = fc
  .constantFrom(...ROUTES_OF_THINGS)
  .chain((route) => fc.tuple(fc.constant(route), thingFor(route)));
const routeAndTwo = fc
  .constantFrom(...ROUTES_OF_THINGS)
  .chain((route) => fc.tuple(fc.constant(route), thingFor(route), thingFor(route)));

function isCallable({ methodKind }: DescMethod): boolean {
  return methodKind === "unary" || methodKind === "server_streaming";
}

describe("encodeRequest()", () => {
  const cases: readonly { name: string; route: string; json: JsonValue; path: string; body?: string }[] = [
    {
      name: "a path of one segment",
      route: "/v1/things/{text}",
      json: { text: "a b/c:ü!" },
      path: "/v1/things/a%20b%2Fc%3A%C3%BC%21",
    },
    {
      name: "a path of many segments and a custom verb",
      route: "/v1/{inner.label=files/**}:copy",
      json: { inner: { label: "files/a/b%2Fc:d", count: 1 }, name: "n" },
      path: "/v1/files/a/b%2Fc%3Ad:copy",
      body: '{"name":"n","inner":{"count":1}}',
    },
    {
      name: "a path that ends in any number of segments",
      route: "/files/{name=**}",
      json: { name: "a/b" },
      path: "/files/a/b",
    },
    {
      name: "a query",
      route: "/v1/all",
      json: {
        text: "a b&c",
        int64: "-5",
        flag: true,
        data: "/+8=",
        color: "COLOR_RED",
        inner: { deeper: { count: 3 } },
        texts: ["a", "b"],
        time: "2024-06-25T13:35:39Z",
        length: "1.5s",
        mask: "a.b,c",
        maybe: "0",
        wrapped: "",
      },
      path: "/v1/all?text=a%20b%26c&flag=true&int64=-5&data=%2F%2B8%3D&color=COLOR_RED&inner.deeper.count=3&texts=a&texts=b&time=2024-06-25T13%3A35%3A39Z&length=1.500s&mask=a.b%2Cc&maybe=0&wrapped=",
    },
    { name: "a message in which nothing is set", route: "/v1/all", json: { inner: {} }, path: "/v1/all?inner.label=" },
    { name: "nothing", route: "/v1/all", json: {}, path: "/v1/all" },
  ];
  for (const { name, route, json, path, body } of cases) {
    it(`writes ${name}`, () => {
      const made = encodeRequest(ROUTES, routeOf(route), thing(json), { registry });
      assert.equal(made.path, path);
      assert.equal(made.body && text(made.body.bytes), body);
    });
  }

  it("writes a body that is one field", () => {
    const route =
      ROUTES.all.find(({ verb, template }) => verb === "PUT" && template.text === "/v1/things/{text}") ?? assert.fail();
    const some = encodeRequest(ROUTES, route, thing({ text: "x", inner: { label: "l" }, flag: true }));
    assert.deepEqual([some.path, text(some.body?.bytes)], ["/v1/things/x?flag=true", '{"label":"l"}']);
    const none = encodeRequest(ROUTES, route, thing({ text: "x" }));
    assert.deepEqual([none.path, text(none.body?.bytes)], ["/v1/things/x", ""]);
  });

  it("writes and reads google.api.HttpBody as the bytes that it is", () => {
    const upload = routeOf("/v1/uploads");
    const message = create(upload.method.input, { contentType: "text/csv", data: new Uint8Array([0, 255]) });
    const whole = encodeRequest(ROUTES, upload, message);
    assert.deepEqual(whole, {
      path: "/v1/uploads",
      body: { contentType: "text/csv", bytes: new Uint8Array([0, 255]) },
    });
    assert.ok(equals(upload.method.input, read("POST", whole).message, message));

    const replace =
      ROUTES.all.find(({ verb, template }) => verb === "PUT" && template.text === "/v1/raw/{id}") ?? assert.fail();
    const raw = fromJson(replace.method.input, { id: "7", note: "n", content: { contentType: "a/b", data: "AP8=" } });
    const part = encodeRequest(ROUTES, replace, raw);
    assert.deepEqual(
      [part.path, part.body?.contentType, [...(part.body?.bytes ?? [])]],
      ["/v1/raw/7?note=n", "a/b", [0, 255]],
    );
    assert.ok(equals(replace.method.input, read("PUT", part).message, raw));
  });

  const unsayable: readonly { name: string; route: string; json: JsonValue; says: RegExp }[] = [
    {
      name: "an empty variable",
      route: "/v1/things/{text}",
      json: {},
      says: /^text: "" has no place in the path \/v1\/things\/\{text\}\.$/,
    },
    {
      name: "a variable that no longer fits its pattern",
      route: "/v1/{name=shelves/*/things/*}",
      json: { name: "shelves/1" },
      says: /^name: "shelves\/1" has no place/,
    },
    {
      name: "an empty part of a variable",
      route: "/v1/{name=shelves/*/things/*}",
      json: { name: "shelves//things/1" },
      says: /^name: /,
    },
    { name: "a step upward", route: "/v1/things/{text}", json: { text: ".." }, says: /^text: "\.\."/ },
    { name: "a step upward among others", route: "/files/{name=**}", json: { name: "a/../b" }, says: /^name: / },
    {
      name: "a map in a query",
      route: "/v1/all",
      json: { counts: { a: 1 } },
      says: /^counts: a map has no place in a query\.$/,
    },
    {
      name: "a list of messages in a query",
      route: "/v1/all",
      json: { inners: [{}] },
      says: /^inners: a list of messages/,
    },
    {
      name: "a structure in a query",
      route: "/v1/all",
      json: { anything: { a: 1 } },
      says: /^anything: a google\.protobuf\.Struct/,
    },
    {
      name: "a part of the path that no field fills",
      route: "/v1/any/*/{color}",
      json: { color: "COLOR_RED" },
      says: /a part that no field fills/,
    },
  ];
  for (const { name, route, json, says } of unsayable) {
    it(`refuses ${name}`, () =>
      assert.throws(
        () => encodeRequest(ROUTES, routeOf(route), thing(json), { registry }),
        (error) => error instanceof InterposeError && error.reason === "not_over_rest" && says.test(error.message),
      ));
  }

  it("refuses a path that leads to another method", () => {
    assert.throws(
      () => encodeRequest(ROUTES, routeOf("/v1/things/{text}"), thing({ text: "fixed" })),
      /^InterposeError: text: "fixed" has no place in the path/,
    );
  });

  it("is read as the message that it was made of, wherever it can be written", () => {
    let said = 0;
    fc.assert(
      fc.property(routeAndThing, ([route, message]) => {
        const made = attempt(() => encodeRequest(ROUTES, route, message, { registry }));
        if (!made) return;
        said++;
        const back = read(route.verb, made);
        assert.equal(back.route, route);
        same(back.message, message, made);
      }),
      { numRuns: 1_000 },
    );
    assert.ok(said > 300, `${said} could be written`);
  });

  it("writes whatever a query can say", () => {
    const route = routeOf("/v1/all");
    fc.assert(
      fc.property(sayableThing, (message) => {
        const made = encodeRequest(ROUTES, route, message, { registry });
        same(read("GET", made).message, message, made);
      }),
      { numRuns: 500 },
    );
  });
});

describe("encodeRequest(), given the request that was changed", () => {
  const original = (route: Route, path: string, body = ""): { message: Message; path: string; body: Uint8Array } => {
    const bytes = new TextEncoder().encode(body);
    return { path, body: bytes, message: read(route.verb, { path, body: { contentType: undefined, bytes } }).message };
  };
  const change = (verb: string, path: string, body: string, changes: object): readonly [string, string] => {
    const match = ROUTES.match(verb, path.split("?")[0] ?? "");
    if (match.kind !== "found") return assert.fail();
    const before = original(match.route, path, body);
    const after = thing({ ...(toJson(Thing, before.message, { registry }) as object), ...changes });
    const made = encodeRequest(ROUTES, match.route, after, { registry, original: before });
    return [made.path, text(made.body?.bytes)];
  };

  it("leaves what did not change as it was written", () => {
    const path = "/v1/f%69les/a%2fb:copy?x=%7e&&y";
    const body = ' {"name": "n", "int_64": 5, "new": [1.0], "color": 1}';
    assert.deepEqual(change("POST", path, body, {}), [path, body]);
    assert.deepEqual(change("POST", path, body, { int32: 7 }), [
      path,
      '{"name":"n","int_64":5,"new":[1.0],"color":1,"int_32":7}',
    ]);
  });

  it("changes a path, and leaves what is no field's", () => {
    assert.equal(
      change("POST", "/v1/any/some%2Fwhere/1?q=1", "", { color: "COLOR_RED" })[0],
      "/v1/any/some%2Fwhere/1?q=1",
    );
    assert.equal(change("GET", "/v1/any/some%2Fwhere/1?q=1", "", { color: 9 })[0], "/v1/any/some%2Fwhere/9?q=1");
  });

  it("changes single parameters of a query", () => {
    const path = "/v1/all?flag=true&nope=a+b&texts=a&inner.count=0&int_64=5&texts=b";
    assert.equal(change("GET", path, "", {})[0], path);
    assert.equal(
      change("GET", path, "", { int64: "6" })[0],
      "/v1/all?flag=true&nope=a+b&texts=a&inner.count=0&texts=b&int64=6",
    );
    assert.equal(
      change("GET", path, "", { texts: ["c"], flag: false })[0],
      "/v1/all?nope=a+b&inner.count=0&int_64=5&texts=c",
    );
    assert.equal(change("GET", path, "", { inner: null })[0], "/v1/all?flag=true&nope=a+b&texts=a&int_64=5&texts=b");
  });

  it("is read as the changed message, and keeps what it knows nothing of", () => {
    let said = 0;
    fc.assert(
      fc.property(routeAndTwo, fc.boolean(), ([route, before, after], inProtoNames) => {
        const first = attempt(() => encodeRequest(ROUTES, route, before, { registry }));
        if (!first) return;
        const path = `${first.path}${first.path.includes("?") ? "&" : "?"}unknown=%7E`;
        let bytes = first.body?.bytes ?? NOTHING;
        if (route.body === "message") {
          const whole = toJson(Thing, before, { registry, useProtoFieldName: inProtoNames }) as object;
          bytes = new TextEncoder().encode(JSON.stringify({ unknown_field: { a: [1] }, ...whole }));
        }
        const made = attempt(() =>
          encodeRequest(ROUTES, route, after, { registry, original: { message: before, path, body: bytes } }),
        );
        if (!made) return;
        said++;
        const back = read(route.verb, made);
        same(back.message, after, made);
        assert.ok(made.path.includes("unknown=%7E"));
        if (route.body === "message") assert.match(text(made.body?.bytes), /"unknown_field":\{"a":\[1\]\}/);
      }),
      { numRuns: 1_000 },
    );
    assert.ok(said > 300, `${said} could be written`);
  });
});
