import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { problemFrom } from "./problem.ts";

describe("problemFrom()", () => {
  it("has the server's text, its reason, and what is wrong with each field", () => {
    const error = new ConnectError("timeout: must be less.", Code.InvalidArgument, undefined, [
      { desc: ErrorInfoSchema, value: { reason: "VALIDATION_FAILED", domain: "interpose" } },
      { desc: BadRequestSchema, value: { fieldViolations: [{ field: "timeout", description: "must be less" }] } },
    ]);
    const { title, text, violations, mayPass } = problemFrom(error);
    assert.deepEqual([title, text, mayPass], ["Something needs to be mended", "timeout: must be less.", false]);
    assert.deepEqual([...violations], [["timeout", "must be less"]]);
  });

  it("says of a server that is away that it is, and that it may pass", () => {
    const { title, reason, mayPass } = problemFrom(new TypeError("Failed to fetch"));
    assert.deepEqual([title, reason, mayPass], ["The server cannot be reached", undefined, true]);
  });
});
