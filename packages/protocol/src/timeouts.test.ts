import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConnectTimeout, parseGrpcTimeout, timeoutOf } from "./timeouts.ts";

describe("parseGrpcTimeout()", () => {
  const cases: readonly (readonly [text: string, ms: number | undefined])[] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["5000u", 5],
    ["6000000n", 6],
    ["1n", 0.000_001],
    ["0S", 0],
    ["99999999H", 99_999_999 * 3_600_000],
    ["00000001S", 1_000],
    ["100000000S", undefined],
    ["", undefined],
    ["S", undefined],
    ["1", undefined],
    ["1s", undefined],
    ["1h", undefined],
    ["-1S", undefined],
    ["+1S", undefined],
    ["1.5S", undefined],
    ["1e3S", undefined],
    [" 1S", undefined],
    ["1S ", undefined],
    ["1S\n", undefined],
    ["1S, 2S", undefined],
    ["\u0661S", undefined],
    ["1__proto__", undefined],
  ];
  for (const [text, ms] of cases)
    it(`reads ${JSON.stringify(text)} as ${ms}`, () => assert.equal(parseGrpcTimeout(text), ms));
});

describe("parseConnectTimeout()", () => {
  const cases: readonly (readonly [text: string, ms: number | undefined])[] = [
    ["0", 0],
    ["1500", 1_500],
    ["9999999999", 9_999_999_999],
    ["10000000000", undefined],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1S", undefined],
    ["0x10", undefined],
    ["1\n", undefined],
  ];
  for (const [text, ms] of cases)
    it(`reads ${JSON.stringify(text)} as ${ms}`, () => assert.equal(parseConnectTimeout(text), ms));
});

describe("timeoutOf()", () => {
  const cases: readonly (readonly [headers: Readonly<Record<string, string>>, ms: number | undefined])[] = [
    [{}, undefined],
    [{ "grpc-timeout": "1S" }, 1_000],
    [{ "connect-timeout-ms": "20" }, 20],
    [{ "grpc-timeout": "1S", "connect-timeout-ms": "20" }, 20],
    [{ "grpc-timeout": "0n", "connect-timeout-ms": "20" }, 0],
    [{ "grpc-timeout": "soon", "connect-timeout-ms": "20" }, 20],
    [{ "grpc-timeout": "soon" }, undefined],
    [{ "grpc-timeout": "", "connect-timeout-ms": "" }, undefined],
  ];
  for (const [headers, ms] of cases)
    it(`finds ${ms} in ${JSON.stringify(headers)}`, () =>
      assert.equal(
        timeoutOf((name) => headers[name]),
        ms,
      ));
});
