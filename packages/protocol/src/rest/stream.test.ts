import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Flows, Thing } from "../../test/things.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import type { Route } from "./bindings.ts";
import { encodeResponse } from "./response.ts";
import { createRoutes } from "./routes.ts";
import { createStreamWriter, streamForm, type StreamForm } from "./stream.ts";

const ROUTES = createRoutes([Flows]);
const routeOf = (template: string): Route =>
  ROUTES.all.find((route) => route.verb === "GET" && route.template.text === template) ?? assert.fail(template);
const thing = (name: string): ReturnType<typeof create> => create(Thing, { name });
const body = (message: ReturnType<typeof create>, route = routeOf("/v1/stream")): Uint8Array =>
  encodeResponse(route, message).bytes;
const text = (...parts: (Uint8Array | undefined)[]): string =>
  parts.map((part) => new TextDecoder().decode(part)).join("");
const FULL = create(StatusSchema, { code: 8, message: "full" });
const ERROR = { error: { code: 8, message: "full", details: [] } };

describe("createStreamWriter()", () => {
  for (const count of [0, 1, 3]) {
    it(`writes ${count} messages as an array that is JSON`, () => {
      const names = ["a", "b", "c"].slice(0, count);
      const whole = createStreamWriter(routeOf("/v1/stream"), "array");
      assert.deepEqual(
        JSON.parse(text(...names.map((name) => whole.message(body(thing(name)))), whole.end())),
        names.map((name) => ({ name })),
      );
      const failed = createStreamWriter(routeOf("/v1/stream"), "array");
      assert.deepEqual(
        JSON.parse(text(...names.map((name) => failed.message(body(thing(name)))), failed.error(FULL))),
        [...names.map((name) => ({ name })), ERROR],
      );
      assert.equal(whole.contentType, "application/json");
    });
    it(`writes ${count} messages in lines that are JSON`, () => {
      const names = ["a", "b", "c"].slice(0, count);
      const writer = createStreamWriter(routeOf("/v1/stream"), "lines");
      const lines = text(...names.map((name) => writer.message(body(thing(name)))), writer.error(FULL)).split("\n");
      assert.deepEqual(
        lines.slice(0, -1).map((line) => JSON.parse(line)),
        [...names.map((name) => ({ name })), ERROR],
      );
      assert.equal(lines.at(-1), "");
      assert.equal(text(writer.end()), "");
      assert.equal(writer.contentType, "application/x-ndjson");
    });
  }

  it("writes bodies of one field, as response_body has them", () => {
    const route = routeOf("/v1/names");
    const writer = createStreamWriter(route, "array");
    const [first, second] = [thing("a"), thing("")].map((message) => writer.message(body(message, route)));
    assert.equal(text(first, second, writer.end()), '["a",\n""]');
  });

  it("writes google.api.HttpBody as bytes, in which no error has a place", () => {
    const writer = createStreamWriter(routeOf("/v1/raw/{id}"), "lines");
    assert.deepEqual(
      [...writer.message(Uint8Array.of(1)), ...writer.message(Uint8Array.of(2)), ...writer.end()],
      [1, 2],
    );
    assert.deepEqual([writer.contentType, writer.error(FULL)], [undefined, undefined]);
  });
});

describe("streamForm()", () => {
  const cases: readonly [accept: string | undefined, form: StreamForm][] = [
    [undefined, "array"],
    ["application/json", "array"],
    ["*/*", "array"],
    ["application/x-ndjson", "lines"],
    ["text/plain, application/x-ndjson;q=0.5", "lines"],
    ["Application/NDJSON", "lines"],
    ["application/x-ndjsonish", "array"],
  ];
  for (const [accept, form] of cases)
    it(`is ${form} for ${accept ?? "nothing"}`, () => assert.equal(streamForm(accept), form));
});
