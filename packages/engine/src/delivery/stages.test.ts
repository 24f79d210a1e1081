import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Plan } from "../plan.ts";
import type { Target } from "../target.ts";
import { deliveriesOf } from "./stages.ts";

/** A plan in letters: W and w are webhooks, of which W interrupts; a is async. */
function plan(letters: string): Plan {
  const targets = Array.from(letters).map((letter, i): Target => ({
    id: String(i),
    name: letter,
    type: letter === "a" ? "async" : "webhook",
    endpoint: "https://example.com",
    timeoutMs: 1_000,
    interruptOnError: letter === "W",
    dialect: "v2",
  }));
  return { executionId: "event", condition: { kind: "event", match: { kind: "all" } }, targets };
}

function shown(letters: string): string {
  return deliveriesOf(plan(letters))
    .map(({ stage, gate }) => `${stage}${gate === undefined ? "" : gate === "success" ? "!" : "?"}`)
    .join(" ");
}

describe("deliveriesOf()", () => {
  const cases: readonly [string, string][] = [
    ["", ""],
    ["W", "0"],
    ["WW", "0! 1"],
    ["wW", "0? 1"],
    ["Www", "0! 1? 2"],
    ["aW", "0 0"],
    ["Wa", "0! 1"],
    ["WawaW", "0! 1 1? 2 2"],
    ["aaa", "0 0 0"],
  ];
  for (const [letters, expected] of cases)
    it(`begins "${letters}" in the stages "${expected}"`, () => assert.equal(shown(letters), expected));

  it("says place and target of each", () => {
    assert.deepEqual(
      deliveriesOf(plan("Wa")).map(({ targetId, place }) => [targetId, place]),
      [
        ["0", 0],
        ["1", 1],
      ],
    );
  });
});
