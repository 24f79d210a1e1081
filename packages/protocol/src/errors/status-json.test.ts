import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { anyPack, DurationSchema, type Any } from "@bufbuild/protobuf/wkt";
import { registry, Thing } from "../../test/things.ts";
import { ErrorInfoSchema, LocalizedMessageSchema } from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import { restErrorFromStatus } from "./error-response.ts";

const any = (typeUrl: string, ...value: number[]): Any => ({
  $typeName: "google.protobuf.Any",
  typeUrl,
  value: Uint8Array.from(value),
});

/** The HTTP status, and what stands in the body. */
function read(code: number, details: Any[] = []): readonly [number, any] {
  const { status, body } = restErrorFromStatus(create(StatusSchema, { code, message: "m", details }), registry);
  return [status, JSON.parse(new TextDecoder().decode(body))];
}

describe("restErrorFromStatus()", () => {
  it("has the HTTP status of the code", () => {
    assert.deepEqual(read(5), [404, { code: 5, message: "m", details: [] }]);
    assert.deepEqual(read(99)[0], 500);
  });

  const details: readonly { name: string; detail: Any; gives: object }[] = [
    {
      name: "Google's",
      detail: anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: "R", metadata: { a: "b" } })),
      gives: { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "R", metadata: { a: "b" } },
    },
    {
      name: "Google's that we write none of",
      detail: anyPack(LocalizedMessageSchema, create(LocalizedMessageSchema, { locale: "de" })),
      gives: { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", locale: "de" },
    },
    {
      name: "the API's own",
      detail: anyPack(Thing, create(Thing, { name: "n" })),
      gives: { "@type": "type.googleapis.com/things.v1.Thing", name: "n" },
    },
    {
      name: "of a type whose JSON is no object",
      detail: anyPack(DurationSchema, create(DurationSchema, { seconds: 1n })),
      gives: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" },
    },
    {
      name: "of a type that nobody knows",
      detail: any("x.test/un.Known", 1, 2),
      gives: { "@type": "x.test/un.Known", value: "AQI=" },
    },
    {
      name: "that are none of their type",
      detail: any("type.googleapis.com/things.v1.Thing", 255),
      gives: { "@type": "type.googleapis.com/things.v1.Thing", value: "/w==" },
    },
    { name: "without a type", detail: any(""), gives: { "@type": "", value: "" } },
  ];
  for (const { name, detail, gives } of details)
    it(`writes details ${name}`, () => assert.deepEqual(read(9, [detail])[1].details, [gives]));
});
