import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { create, createRegistry } from "@bufbuild/protobuf";
import fc from "fast-check";
import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema, type Status } from "../gen/google/rpc/status_pb.js";
import { connectEndOfStream, connectErrorJson, grpcWebTrailers } from "./call-end.ts";
import { statusFromConnectBody, statusFromConnectEnd, statusFromRestError, trailersFromGrpcWeb } from "./read-error.ts";
import { statusJson } from "./status-json.ts";

const DETAIL = create(BadRequestSchema, { fieldViolations: [{ field: "item", description: "is bad" }] });
const ERROR = create(StatusSchema, { code: 9, message: "no: 100 % ✗", details: [anyPack(BadRequestSchema, DETAIL)] });
const bytes = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const registry = createRegistry(BadRequestSchema);

function assertError(status: Status): void {
  assert.deepEqual([status.code, status.message], [9, "no: 100 % ✗"]);
  const detail = status.details[0] ?? assert.fail();
  assert.deepEqual(anyUnpack(detail, registry), DETAIL);
}

describe("errors of other servers", () => {
  it("are read as we write them", () => {
    assertError(statusFromConnectBody(400, bytes(connectErrorJson(ERROR))));
    assertError(statusFromConnectEnd(connectEndOfStream(ERROR).subarray(5)));
    assertError(statusFromRestError(400, bytes(statusJson(ERROR, registry)), registry));
    assertError(statusFromRestError(400, bytes({ error: statusJson(ERROR, registry) }), registry));
    assert.equal(statusFromConnectEnd(connectEndOfStream(undefined).subarray(5)).code, 0);
    const trailers = ["grpc-status", "9", "x-why", "a: b"];
    assert.deepEqual(trailersFromGrpcWeb(grpcWebTrailers(trailers).subarray(5)), trailers);
  });

  for (const [name, status, body, code, message] of [
    ["a page", 503, "<h1>Sorry</h1>", 14, "HTTP 503"],
    ["nothing", 404, "", 5, "HTTP 404"],
    ["a text as error", 422, '{"error":"no such item"}', 3, "no such item"],
    ["a message of its own", 409, '{"message":"taken","code":"TAKEN"}', 10, "taken"],
    ["a problem (RFC 9457)", 403, '{"title":"Not yours","detail":"It is Ann\'s"}', 7, "It is Ann's"],
    ["a code that is none", 500, '{"code":99,"message":"x"}', 13, "x"],
    ["a status that nobody knows", 418, "{}", 2, "HTTP 418"],
  ] as const) {
    it(`of REST are read of ${name}`, () => {
      const read = statusFromRestError(status, new TextEncoder().encode(body));
      assert.deepEqual([read.code, read.message], [code, message]);
    });
  }

  it("are codes and texts, whatever stands there", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 400, max: 599 }), (json, status) => {
        const read = [
          statusFromConnectBody(status, bytes(json)),
          statusFromConnectEnd(bytes({ error: json ?? {} })),
          statusFromRestError(status, bytes(json)),
        ];
        for (const { code } of read) assert.ok(code > 0 && code <= 16);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (garbage) => void trailersFromGrpcWeb(garbage)));
  });

  it("spell names of members of every object as no code", () => {
    assert.equal(statusFromConnectBody(404, bytes({ code: "constructor" })).code, 5);
    assert.equal(statusFromConnectBody(400, bytes({ code: "canceled" })).code, 1);
  });
});
