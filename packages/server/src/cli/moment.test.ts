import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { parseMoment } from "./moment.ts";

const NOW = new Date("2026-01-02T12:00:00Z");

describe("parseMoment()", () => {
  for (const [text, expected] of [
    ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00.000Z"],
    ["2026-01-01T10:00:00+02:00", "2026-01-01T08:00:00.000Z"],
    ["2026-01-01", "2026-01-01T00:00:00.000Z"],
    ["2h", "2026-01-02T10:00:00.000Z"],
    ["1.5d", "2026-01-01T00:00:00.000Z"],
  ] as const)
    it(`reads ${text}`, () => assert.equal(timestampDate(parseMoment(text, "--since", NOW)).toISOString(), expected));

  for (const text of ["", "yesterday", "2026-13-01", "2 h", "-1h", "12", "5y"])
    it(`refuses "${text}"`, () =>
      assert.throws(
        () => parseMoment(text, "--since", NOW),
        (error) =>
          error instanceof InterposeError && error.reason === "bad_request" && error.message.includes("--since"),
      ));
});
