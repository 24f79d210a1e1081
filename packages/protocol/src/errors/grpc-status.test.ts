import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import { encodeGrpcMessage } from "./call-end.ts";
import {
  binaryHeader,
  codeFromNumber,
  decodeGrpcMessage,
  detailType,
  statusFromGrpc,
  type GrpcTrailers,
} from "./grpc-status.ts";

const INFO = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: "FULL", domain: "shop" }));
const detailed = (code: number, message: string): string =>
  Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details: [INFO] }))).toString("base64");

describe("statusFromGrpc()", () => {
  const cases: readonly { name: string; given: GrpcTrailers; code: number; message: string; details?: number }[] = [
    { name: "a success", given: { status: "0", message: "fine" }, code: 0, message: "" },
    { name: "code and message", given: { status: "5", message: "no %C3%BC" }, code: 5, message: "no ü" },
    { name: "no message", given: { status: "5" }, code: 5, message: "" },
    {
      name: "details",
      given: { status: "8", message: "full", details: detailed(8, "full") },
      code: 8,
      message: "full",
      details: 1,
    },
    {
      name: "unpadded details",
      given: { status: "8", details: detailed(8, "ful").replace(/=+$/, "") },
      code: 8,
      message: "ful",
      details: 1,
    },
    {
      name: "details that say something else",
      given: { status: "8", message: "a", details: detailed(9, "b") },
      code: 9,
      message: "b",
      details: 1,
    },
    {
      name: "details that call a failure a success",
      given: { status: "8", message: "a", details: detailed(0, "") },
      code: 8,
      message: "a",
      details: 1,
    },
    { name: "details that are no base64", given: { status: "8", message: "a", details: "*" }, code: 8, message: "a" },
    {
      name: "details that are no message",
      given: { status: "8", message: "a", details: "////" },
      code: 8,
      message: "a",
    },
    { name: "a code that there is not", given: { status: "17", message: "a" }, code: 2, message: "a" },
    { name: "a code that is no number", given: { status: "x", message: "a" }, code: 2, message: "a" },
    { name: "no status", given: { status: undefined }, code: 2, message: "The answer has no grpc-status." },
    {
      name: "a proxy's answer",
      given: { status: undefined, httpStatus: 503 },
      code: 14,
      message: "The answer has no grpc-status, and HTTP's status is 503.",
    },
  ];
  for (const { name, given, code, message, details = 0 } of cases) {
    it(`reads ${name}`, () => {
      const status = statusFromGrpc(given);
      assert.deepEqual([status.code, status.message, status.details.length], [code, message, details]);
    });
  }

  it("never breaks", () => {
    const text = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(
        text,
        text,
        fc.oneof(text, fc.base64String()),
        fc.option(fc.nat(), { nil: undefined }),
        (status, message, details, httpStatus) => {
          assert.ok(statusFromGrpc({ status, message, details, httpStatus }).code <= 16);
        },
      ),
    );
  });
});

describe("decodeGrpcMessage()", () => {
  it("reads what encodeGrpcMessage() writes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) =>
        assert.equal(decodeGrpcMessage(encodeGrpcMessage(text)), text),
      ),
    );
  });
  for (const [given, read] of [
    ["100%", "100%"],
    ["%zz%41", "%zzA"],
    ["%4", "%4"],
    ["%FF", "\ufffd"],
    ["ü%20", "ü "],
  ] as const)
    it(`reads ${given} as ${read}`, () => assert.equal(decodeGrpcMessage(given), read));
});

describe("binaryHeader()", () => {
  it("reads base64 with padding and without, and nothing else", () => {
    assert.deepEqual(
      ["AQ==", "AQ", " AQI= ", "", "A", "A-_A", "A=A"].map((text) => binaryHeader(text)?.join()),
      ["1", "1", "1,2", "", undefined, undefined, undefined],
    );
  });
});

it("names codes and the types of details", () => {
  assert.deepEqual(
    [codeFromNumber(5), codeFromNumber(16), codeFromNumber(99)],
    ["not_found", "unauthenticated", "unknown"],
  );
  assert.equal(detailType(INFO), "google.rpc.ErrorInfo");
});
