import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOfFifoBy, fifoKeyOf } from "./fifo.ts";

describe("fifoKeyOf()", () => {
  const event = { aggregateType: "user", aggregateId: "7", payload: { a: { b: "x", n: 1, list: [1] }, t: true } };
  const cases: readonly [string, string | undefined][] = [
    ["aggregate", "user/7"],
    ["payload.a.b", '"x"'],
    ["payload.a.n", "1"],
    ["payload.t", "true"],
    ["payload.a", undefined],
    ["payload.a.list", undefined],
    ["payload.none", undefined],
    ["payload.a.b.c", undefined],
    ["payload.constructor.name", undefined],
    ["payload.__proto__.x", undefined],
  ];
  for (const [by, key] of cases) it(`is ${key ?? "none"} by ${by}`, () => assert.equal(fifoKeyOf(by, event), key));

  it("tells texts from numbers", () => {
    const keyOf = (id: string | number) => fifoKeyOf("payload.id", { ...event, payload: { id } });
    assert.notEqual(keyOf("1"), keyOf(1));
  });
});

describe("faultOfFifoBy()", () => {
  for (const good of ["aggregate", "payload.a", "payload.a.b"])
    it(`takes ${good}`, () => assert.equal(faultOfFifoBy(good), undefined));
  for (const bad of ["", "payload", "payload.", "payload..a", "a.b", "Aggregate", `payload.${"x".repeat(200)}`])
    it(`refuses "${bad.slice(0, 20)}"`, () => assert.match(faultOfFifoBy(bad) ?? "", /aggregate/));
});
