import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { InterposeError, type ErrorReason } from "@interpose/engine";
import { ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { describeFailure, EXIT, EXIT_HELP } from "./exit-codes.ts";

/** An error as Node throws it. */
function nodeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

describe("describeFailure()", () => {
  const reasons: readonly (readonly [ErrorReason, keyof typeof EXIT])[] = [
    ["target_exists", "failed"],
    ["include_circular", "failed"],
    ["internal", "failed"],
    ["bad_request", "usage"],
    ["condition_invalid", "usage"],
    ["target_invalid", "usage"],
    ["target_not_found", "notFound"],
    ["execution_not_found", "notFound"],
    ["unauthenticated", "notAllowed"],
    ["permission_denied", "notAllowed"],
    ["store_unavailable", "unreachable"],
    ["settings_invalid", "settings"],
    ["data_dir_in_use", "settings"],
    ["database_too_new", "settings"],
  ];
  for (const [reason, exit] of reasons) {
    it(`ends with ${EXIT[exit]} for ${reason}, and hands its text on`, () =>
      assert.deepEqual(describeFailure(new InterposeError(reason, "The text.")), {
        exitCode: EXIT[exit],
        text: "The text.",
      }));
  }

  const codes: readonly (readonly [Code, keyof typeof EXIT])[] = [
    [Code.AlreadyExists, "failed"],
    [Code.FailedPrecondition, "failed"],
    [Code.Internal, "failed"],
    [Code.InvalidArgument, "usage"],
    [Code.NotFound, "notFound"],
    [Code.Unauthenticated, "notAllowed"],
    [Code.PermissionDenied, "notAllowed"],
    [Code.Unavailable, "unreachable"],
    [Code.DeadlineExceeded, "unreachable"],
  ];
  for (const [code, exit] of codes) {
    it(`ends with ${EXIT[exit]} for a server's ${Code[code]}, and leaves the code away from its text`, () =>
      assert.deepEqual(describeFailure(new ConnectError("The text.", code)), {
        exitCode: EXIT[exit],
        text: "The text.",
      }));
  }

  const byTarget = [
    "TARGET_FAILED",
    "TARGET_UNAVAILABLE",
    "TARGET_TIMED_OUT",
    "TARGET_REPLY_INVALID",
    "TARGET_REFUSED",
  ];
  for (const reason of byTarget) {
    it(`ends with ${EXIT.failed} for ${reason}, whatever its code, and says how to go past targets`, () => {
      const details = [{ desc: ErrorInfoSchema, value: { reason, domain: "interpose" } }];
      assert.deepEqual(describeFailure(new ConnectError("No.", Code.PermissionDenied, undefined, details)), {
        exitCode: EXIT.failed,
        text: "No.\nWith --bypass or --direct no target is called.",
      });
    });
  }

  const lost: readonly { readonly title: string; readonly error: Error; readonly says: string }[] = [
    {
      title: "a connection that is refused",
      error: ConnectError.from(nodeError("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1"), Code.Unavailable),
      says: "The server cannot be reached: connect ECONNREFUSED 127.0.0.1:1. Is it running, and is --url or INTERPOSE_URL right? With --direct the store is used without a server.",
    },
    {
      title: "a name with several addresses, none of which answers",
      error: ConnectError.from(
        Object.assign(new AggregateError([new Error("connect ::1"), new Error("connect 127.0.0.1")]), { code: "E" }),
      ),
      says: "The server cannot be reached: connect ::1, connect 127.0.0.1. Is it running, and is --url or INTERPOSE_URL right? With --direct the store is used without a server.",
    },
    {
      title: "a connection that breaks",
      error: ConnectError.from(nodeError("EPIPE", "write EPIPE"), Code.Unknown),
      says: "The server cannot be reached: write EPIPE. Is it running, and is --url or INTERPOSE_URL right? With --direct the store is used without a server.",
    },
    {
      title: "another server",
      error: new ConnectError("HTTP 404", Code.Unimplemented),
      says: "What answers is no Interpose: HTTP 404. Is --url or INTERPOSE_URL right?",
    },
    {
      title: "a database that is not there, with the reason",
      error: new InterposeError("store_unavailable", "Try again shortly.", {
        cause: nodeError("28P01", 'password authentication failed for user "me"'),
      }),
      says: 'The database cannot be reached: password authentication failed for user "me". Does it run, and is INTERPOSE_DATABASE_URL right?',
    },
  ];
  for (const { title, error, says } of lost) {
    it(`ends with ${EXIT.unreachable} for ${title}`, () =>
      assert.deepEqual(describeFailure(error), { exitCode: EXIT.unreachable, text: says }));
  }

  it("has a text for whatever is thrown, with Node's code and without a stack", () => {
    assert.deepEqual(describeFailure(nodeError("ENOSPC", "no space")), { exitCode: 1, text: "no space (ENOSPC)" });
    assert.deepEqual(describeFailure(new TypeError("a bug")), { exitCode: 1, text: "a bug" });
    assert.deepEqual(describeFailure("a text"), { exitCode: 1, text: "a text" });
    assert.deepEqual(describeFailure(undefined), { exitCode: 1, text: "undefined" });
  });
});

describe("the help on exit codes", () => {
  it("has a line for each", () => {
    const lines = EXIT_HELP.split("\n").slice(1);
    assert.deepEqual(
      lines.map((line) => Number(/^ {2}(\d) {2}\S/.exec(line)?.[1])),
      Object.values(EXIT),
    );
  });
});
