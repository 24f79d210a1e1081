import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nearest, nearestFew } from "./nearest.ts";

describe("nearest()", () => {
  const known = ["port", "host", "dataDir", "limits.maxMessageBytes", "limits.maxPayloadBytes"];
  const cases: readonly { readonly given: string; readonly finds: string | undefined }[] = [
    { given: "port", finds: "port" },
    { given: "prot", finds: "port" },
    { given: "ports", finds: "port" },
    { given: "datadir", finds: "dataDir" },
    { given: "limits.maxMessagesByte", finds: "limits.maxMessageBytes" },
    { given: "limits.maxPayload", finds: undefined },
    { given: "xyz", finds: undefined },
    { given: "", finds: undefined },
  ];
  for (const { given, finds } of cases)
    it(`finds ${finds ?? "nothing"} for "${given}"`, () => assert.equal(nearest(given, known), finds));

  it("finds nothing among nothing", () => assert.equal(nearest("port", []), undefined));
});

describe("nearestFew()", () => {
  it("has the most alike first, and no more than were asked for", () => {
    const known = ["/a.v1.Users/Adds", "/a.v1.Users/Add", "/b.w2.Things/Remove", "/a.v1.Users/Ad"];
    assert.deepEqual(nearestFew("/a.v1.Users/Add", known, 2), ["/a.v1.Users/Add", "/a.v1.Users/Adds"]);
    assert.deepEqual(nearestFew("/a.v1.Users/Add", known, 9), [
      "/a.v1.Users/Add",
      "/a.v1.Users/Adds",
      "/a.v1.Users/Ad",
    ]);
  });

  it("finds what the whole table of edits finds", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 14 });
    fc.assert(
      fc.property(text, text, (given, known) => {
        const isNear = edits(given, known) <= Math.max(2, Math.floor(given.length / 4));
        assert.deepEqual(nearestFew(given, [known], 1), isNear ? [known] : []);
      }),
    );
  });

  it("does not take long for long texts", () => {
    const long = "a".repeat(1_000);
    assert.deepEqual(
      nearestFew(
        long,
        Array.from({ length: 2_000 }, () => "b".repeat(1_000)),
        3,
      ),
      [],
    );
  });
});

/** By the recursion that defines it. */
function edits(a: string, b: string, known = new Map<string, number>()): number {
  const key = `${a.length} ${b.length}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const found =
    a === "" || b === ""
      ? a.length + b.length
      : Math.min(
          edits(a.slice(1), b, known) + 1,
          edits(a, b.slice(1), known) + 1,
          edits(a.slice(1), b.slice(1), known) + (a.startsWith(b.charAt(0)) ? 0 : 1),
        );
  known.set(key, found);
  return found;
}
