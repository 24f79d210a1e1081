import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { parseDuration } from "./duration.ts";

describe("parseDuration()", () => {
  const good: readonly (readonly [string, number])[] = [
    ["250ms", 250],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["30d", 2_592_000_000],
    [" 1s ", 1_000],
    ["0.5ms", 0.5],
    ["36500d", 36_500 * 86_400_000],
  ];
  for (const [text, ms] of good) it(`reads "${text}"`, () => assert.equal(parseDuration(text, "--timeout"), ms));

  const bad = ["", "10", "s", "10 s", "-1s", "0s", "1w", "1S", "1e3s", ".5s", "1.s", "Infinitys", "1h30m"];
  for (const text of bad) {
    it(`refuses "${text}", and names the option`, () =>
      assert.throws(
        () => parseDuration(text, "--timeout"),
        new InterposeError(
          "bad_request",
          `--timeout: "${text}" is no length of time. Write a number and ms, s, m, h or d, such as 30d.`,
        ),
      ));
  }

  // With no limit, the date that it leads to was none, and the command ended with "NaN cannot be converted to a BigInt".
  for (const text of ["36501d", "999999999999d"]) {
    it(`refuses "${text}", which is longer than anybody means`, () =>
      assert.throws(
        () => parseDuration(text, "--expires"),
        new InterposeError("bad_request", `--expires: "${text}" is longer than 36500d.`),
      ));
  }
});
