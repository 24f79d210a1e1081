import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromJson } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { registry, Vault } from "../../test/things.ts";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema, type Status } from "../gen/google/rpc/status_pb.js";
import { createHiddenFields } from "../message/hidden-fields.ts";
import { failureFromError, failureFromStatus, failureWithHiddenFields } from "./api-failure.ts";

const info = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: "NO_USER", metadata: { token: "secret" } }));
const own = anyPack(Vault, fromJson(Vault, { name: "n", apiKey: "k", marked: "m" }));
const unknown = {
  $typeName: "google.protobuf.Any",
  typeUrl: "type.googleapis.com/no.Such",
  value: new Uint8Array([1, 2, 3]),
} as Any;

function status(...details: readonly Any[]): Status {
  return create(StatusSchema, { code: 5, message: "no such user", details: [...details] });
}

describe("failureFromStatus()", () => {
  it("has code and text, and no details where there are none", () => {
    const { code, message, details } = failureFromStatus(status());
    assert.deepEqual([code, message, details("proto")], ["not_found", "no such user", []]);
  });

  it("shows details of the API and those that all share, in either spelling, without what is marked", () => {
    const failure = failureFromStatus(status(info, own), registry);
    assert.deepEqual(failure.details("proto"), [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "NO_USER", metadata: { token: "secret" } },
      { "@type": "type.googleapis.com/vault.v1.Vault", name: "n", api_key: "k" },
    ]);
    assert.equal(failure.details("camel")[1]?.apiKey, "k");
  });

  it("shows what it does not know as bytes, and what is not of its type too", () => {
    const broken = { ...own, value: new Uint8Array([255]) };
    assert.deepEqual(failureFromStatus(status(unknown, broken), registry).details("proto"), [
      { "@type": "type.googleapis.com/no.Such", value: "AQID" },
      { "@type": "type.googleapis.com/vault.v1.Vault", value: "/w==" },
    ]);
  });
});

describe("failureWithHiddenFields()", () => {
  it("hides by paths from the root of each detail, and the bytes of those that are not known", () => {
    const failure = failureWithHiddenFields(
      failureFromStatus(status(info, own, unknown), registry),
      createHiddenFields(["metadata.token", "api_key"]),
    );
    assert.deepEqual(failure.details("camel"), [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "NO_USER" },
      { "@type": "type.googleapis.com/vault.v1.Vault", name: "n" },
      { "@type": "type.googleapis.com/no.Such" },
    ]);
  });
});

describe("failureFromError()", () => {
  it("is what callers of the own API see", () => {
    const failure = failureFromError(new InterposeError("target_not_found", "No target.", { id: "X-1" }));
    assert.deepEqual([failure.code, failure.message], ["not_found", "No target. (X-1)"]);
    assert.equal(failure.details("proto").at(-1)?.reason, "TARGET_NOT_FOUND");
  });

  it("tells nothing of a fault of the server", () => {
    const failure = failureFromError(new Error("password=hunter2"));
    assert.equal(failure.code, "internal");
    assert.ok(!JSON.stringify([failure.message, failure.details("proto")]).includes("hunter2"));
  });
});
