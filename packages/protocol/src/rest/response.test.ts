import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InterposeError } from "@interpose/engine";
import { anyThing } from "../../test/arbitrary-things.ts";
import { Flows, registry, Thing, Things } from "../../test/things.ts";
import type { Route } from "./bindings.ts";
import { decodeResponse, encodeResponse } from "./response.ts";
import { createRoutes } from "./routes.ts";

const ROUTES = createRoutes([Things, Flows]);
const routeOf = (verb: string, template: string): Route =>
  ROUTES.all.find((route) => route.verb === verb && route.template.text === template) ?? assert.fail(template);
const json = (text: string): { contentType: string; bytes: Uint8Array } => ({
  contentType: "application/json",
  bytes: new TextEncoder().encode(text),
});
const ALL = routeOf("GET", "/v1/all");

describe("decodeResponse()", () => {
  it("reads what encodeResponse() writes", () => {
    fc.assert(
      fc.property(anyThing, (message) => {
        const back = decodeResponse(ALL, encodeResponse(ALL, message, { registry }), registry);
        assert.deepEqual(toJson(Thing, back, { registry }), toJson(Thing, message, { registry }));
      }),
      { numRuns: 500 },
    );
  });

  const cases: readonly { name: string; route: Route; body: string; gives: JsonValue }[] = [
    {
      name: "fields that it knows nothing of, by leaving them out",
      route: ALL,
      body: '{"text":"a","new":{"b":1}}',
      gives: { text: "a" },
    },
    { name: "nothing for an empty message", route: ALL, body: "", gives: {} },
    {
      name: "one field alone",
      route: routeOf("PUT", "/v1/things/{text}"),
      body: '{"label":"l"}',
      gives: { inner: { label: "l" } },
    },
    {
      name: "a list alone",
      route: routeOf("POST", "/v1/{inner.label=files/**}:copy"),
      body: '["a"]',
      gives: { texts: ["a"] },
    },
    {
      name: "a name of an enum that it does not know, by leaving it out",
      route: ALL,
      body: '{"color":"COLOR_NEW","text":"a"}',
      gives: { text: "a" },
    },
  ];
  for (const { name, route, body, gives } of cases)
    it(`reads ${name}`, () => assert.deepEqual(toJson(Thing, decodeResponse(route, json(body))), gives));

  for (const body of ["{", "[]", '"x"', '{"int32":"x"}', "[".repeat(1_000), "\u0000"]) {
    it(`says that ${body.slice(0, 20)} is no answer`, () =>
      assert.throws(
        () => decodeResponse(ALL, json(body)),
        (error) =>
          error instanceof InterposeError &&
          error.reason === "upstream_malformed" &&
          error.message.includes("things.v1.Thing"),
      ));
  }

  it("says so of anything, and never breaks", () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...ROUTES.all), bytes, (route, given) => {
        try {
          decodeResponse(route, { contentType: undefined, bytes: given }, registry);
        } catch (error) {
          assert.ok(error instanceof InterposeError && error.reason === "upstream_malformed", String(error));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("reads and writes google.api.HttpBody as the bytes that it is", () => {
    const upload = routeOf("POST", "/v1/uploads");
    const body = { contentType: "text/csv", bytes: new Uint8Array([0, 255]) };
    assert.deepEqual(encodeResponse(upload, decodeResponse(upload, body)), body);
    const replace = routeOf("PUT", "/v1/raw/{id}");
    assert.deepEqual(toJson(replace.method.output, decodeResponse(replace, body)), {
      content: { contentType: "text/csv", data: "AP8=" },
    });
    assert.deepEqual(encodeResponse(replace, decodeResponse(replace, body)), body);
    assert.deepEqual(encodeResponse(replace, create(replace.method.output)), {
      contentType: undefined,
      bytes: new Uint8Array(),
    });
  });
});

describe("encodeResponse(), given the answer that was changed", () => {
  const change = (route: Route, text: string, changes: object): string => {
    const message = decodeResponse(route, json(text));
    const after = fromJson(Thing, { ...(toJson(Thing, message) as object), ...changes });
    const body = encodeResponse(route, after, { original: { message, body: json(text).bytes } });
    return new TextDecoder().decode(body.bytes);
  };
  it("writes only what changed", () => {
    assert.equal(change(ALL, '{"new":1.0,"text":"a","int_64":5}', { text: "b" }), '{"new":1.0,"text":"b","int_64":5}');
    assert.equal(
      change(routeOf("PUT", "/v1/things/{text}"), '{"new":1.0,"label":"a"}', { inner: { label: "b" } }),
      '{"new":1.0,"label":"b"}',
    );
    assert.equal(change(routeOf("POST", "/v1/{inner.label=files/**}:copy"), '["a","b"]', { texts: [] }), "[]");
  });
  it("is the changed message", () => {
    fc.assert(
      fc.property(anyThing, anyThing, (message, after) => {
        const body = encodeResponse(ALL, message, { registry }).bytes;
        const back = decodeResponse(
          ALL,
          encodeResponse(ALL, after, { registry, original: { message, body } }),
          registry,
        );
        assert.deepEqual(toJson(Thing, back, { registry }), toJson(Thing, after, { registry }));
      }),
      { numRuns: 300 },
    );
  });
});
