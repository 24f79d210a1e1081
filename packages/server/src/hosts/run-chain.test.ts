import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRunChains, type RunChain, type RunLink } from "./run-chain.ts";

const KEY = randomBytes(32);
const NOW = Date.UTC(2030, 0, 1);
const link = (n: number): RunLink => ({ runId: `10${n}`, executionId: `request/acme.v1.Orders/Place${n}` });
const ours = createRunChains(KEY, () => NOW);

/** A chain of `depth` runs, each led to by the one before. */
function chainOf(depth: number, chains = ours): RunChain {
  let chain = chains.next(undefined, link(1));
  for (let i = 2; i <= depth; i++) chain = chains.next(chains.sign(chain), link(i));
  return chain;
}

describe("a chain of runs", () => {
  it("begins with the run that no other led to", () => {
    assert.deepEqual(ours.next(undefined, link(1)), { depth: 1, links: [link(1)] });
  });

  it("goes on from what was signed, and says which runs led here", () => {
    assert.deepEqual(chainOf(3), { depth: 3, links: [link(1), link(2), link(3)] });
  });

  it("goes on with a key that was read from the store by another server", () => {
    const other = createRunChains(Uint8Array.from(KEY), () => NOW + 1_000);
    assert.equal(other.next(ours.sign(chainOf(2)), link(3)).depth, 3);
  });

  it("keeps ids of any characters, and is a header's value", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 50 }),
        fc.string({ unit: "binary", maxLength: 50 }),
        (runId, executionId) => {
          const signed = ours.sign(ours.next(undefined, { runId, executionId }));
          assert.match(signed, /^[\x21-\x7e]{1,2048}$/);
          assert.deepEqual(ours.next(signed, link(2)), { depth: 2, links: [{ runId, executionId }, link(2)] });
        },
      ),
    );
    const half = ours.sign(ours.next(undefined, { runId: "1", executionId: "\ud800" }));
    assert.equal(ours.next(half, link(2)).depth, 2, "also half a character");
  });

  it("counts on where it grows long, and leaves the oldest runs out", () => {
    let chain = ours.next(undefined, link(1));
    for (let i = 2; i <= 100; i++) {
      const signed = ours.sign(chain);
      assert.ok(signed.length <= 2_048);
      chain = ours.next(signed, { runId: String(i), executionId: "ü".repeat(i % 2 === 0 ? 5_000 : 10) });
    }
    assert.equal(chain.depth, 100);
    assert.equal(chain.links.at(-1)?.runId, "100");
    assert.ok(chain.links.length < 100);
  });
});

describe("a header that is worth nothing", () => {
  const signed = ours.sign(chainOf(2));
  const [depth = "", expiry = "", proof = "", ...links] = signed.split(".");
  const path = links.join(".");
  const cases: readonly (readonly [title: string, header: string])[] = [
    ["of another key", createRunChains(randomBytes(32), () => NOW).sign(chainOf(2))],
    ["that is too old", createRunChains(KEY, () => NOW - 3_600_000).sign(chainOf(2))],
    ["with another depth", ["1", expiry, proof, path].join(".")],
    ["with the depth spelled otherwise", [`0${depth}`, expiry, proof, path].join(".")],
    ["with a later end", [depth, String(Number(expiry) + 1), proof, path].join(".")],
    ["with other runs", [depth, expiry, proof, path.replace("101", "999")].join(".")],
    ["without runs", [depth, expiry, proof, ""].join(".")],
    ["with a proof cut short", [depth, expiry, proof.slice(1), path].join(".")],
    ["with another proof", [depth, expiry, "A".repeat(43), path].join(".")],
    ["that is larger than the limit", `${signed}${",".repeat(2_049 - signed.length)}`],
    ["of many megabytes", "1.".repeat(5_000_000)],
    ["that is there twice", `${signed}, ${signed}`],
    ["that is empty", ""],
    ["of somebody else", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ["with an escape that is none", `${signed}%`],
    ["with white space around it", ` ${signed}`],
  ];
  for (const [title, header] of cases)
    it(`is one ${title}`, () => assert.deepEqual(ours.next(header, link(9)), { depth: 1, links: [link(9)] }));

  it("is any text that was not signed", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(ours.next(text, link(1)).depth, 1)));
  });
});
