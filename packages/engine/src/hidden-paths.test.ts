import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { faultOfHiddenPaths, hiddenRoot, MAX_HIDDEN_PATHS, MAX_HIDDEN_PATH_LENGTH } from "./hidden-paths.ts";

/** Whether what stands at the end of some names is hidden, or something around it. */
function hides(paths: readonly string[], names: string): boolean {
  let place = hiddenRoot(paths);
  for (const name of names.split(".")) {
    place = place.next(name);
    if (place.isHidden) return true;
  }
  return false;
}

describe("hiddenRoot()", () => {
  const cases: readonly { path: string; hides: readonly string[]; shows: readonly string[] }[] = [
    {
      path: "user.password",
      hides: ["user.password", "user.password.hash"],
      shows: ["user", "user.name", "password", "a.user.password"],
    },
    { path: "credentials.*", hides: ["credentials.a", "credentials.a.b"], shows: ["credentials", "a.credentials.b"] },
    { path: "*.secret", hides: ["a.secret", "b.secret"], shows: ["secret", "a.b.secret"] },
    { path: "**.secret", hides: ["secret", "a.secret", "a.b.c.secret", "secret.secret"], shows: ["a", "a.b.secrets"] },
    { path: "a.**.b", hides: ["a.b", "a.x.b", "a.x.y.b", "a.b.b"], shows: ["b", "x.a.b", "a.x"] },
    { path: "a.**", hides: ["a", "a.b"], shows: ["b", "b.a"] },
    { path: "**", hides: ["a", "b.c"], shows: [] },
    { path: "**.*", hides: ["a", "b.c"], shows: [] },
    { path: "**.a.*.b", hides: ["a.x.b", "a.a.a.b", "x.a.y.b"], shows: ["a.b", "a.x.y.b"] },
  ];
  for (const { path, hides: hidden, shows } of cases) {
    it(`reads ${path}`, () => {
      for (const names of hidden) assert.ok(hides([path], names), `hides ${names}`);
      for (const names of shows) assert.ok(!hides([path], names), `shows ${names}`);
    });
  }

  it("knows a field by either of its names", () => {
    assert.ok(hiddenRoot(["user_id"]).next("user_id", "userId").isHidden);
    assert.ok(hiddenRoot(["userId"]).next("user_id", "userId").isHidden);
    assert.ok(!hiddenRoot(["userId"]).next("user_id").isHidden);
  });

  it("says where no path leads further, and hides nothing without paths", () => {
    assert.ok(hiddenRoot([]).isEnd);
    assert.ok(hiddenRoot(["a.b"]).next("c").isEnd);
    assert.ok(!hiddenRoot(["a.b"]).next("a").isEnd);
    assert.ok(hiddenRoot(["a.b"]).next("a").next("b").isEnd);
    assert.ok(!hiddenRoot(["**.b"]).next("x").next("y").isEnd);
  });

  it("answers the same place for the same way, so that it is made once", () => {
    const root = hiddenRoot(["**.a", "b.*.c"]);
    assert.equal(root.next("x").next("y"), root.next("y").next("z"));
    assert.equal(hiddenRoot(["a.b"]).id, hiddenRoot(["a.b"]).id);
  });

  it("agrees with regular expressions", () => {
    const part = fc.constantFrom("a", "b", "*", "**");
    const path = fc.array(part, { minLength: 1, maxLength: 5 });
    const names = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(path, { maxLength: 3 }), names, (paths, way) => {
        const patterns = paths.map((parts) => {
          const text = parts.map((each) => (each === "**" ? "([^.]+\\.)*" : each === "*" ? "[^.]+\\." : `${each}\\.`));
          return new RegExp(`^${text.join("")}`);
        });
        const expected = patterns.some((pattern) => pattern.test(`${way.join(".")}.`));
        assert.equal(
          hides(
            paths.map((parts) => parts.join(".")),
            way.join("."),
          ),
          expected,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it("stays quick and small by paths that mean ever more places", () => {
    // As an automaton of its own, each of these would have 2^30 states.
    let place = hiddenRoot(["a", "b"].map((name) => `**.${name}.${Array(29).fill("*").join(".")}.x`));
    let seed = 1;
    for (let i = 0; i < 20_000; i++) {
      seed = (seed * 16_807) % 2_147_483_647;
      place = place.next(seed % 2 === 0 ? "a" : "b");
    }
    assert.ok(!place.isHidden);
  });
});

describe("faultOfHiddenPaths()", () => {
  it("takes what is a list of paths", () => {
    assert.equal(faultOfHiddenPaths([]), undefined);
    assert.equal(faultOfHiddenPaths(["a", "user.password", "*.a.**", "with space", "ünïcode"]), undefined);
  });

  const bad: readonly { name: string; paths: readonly string[]; says: RegExp }[] = [
    { name: "nothing", paths: ["a", ""], says: /empty path/ },
    { name: "a dot too many", paths: ["a..b"], says: /"a\.\.b" has nothing before, behind or between/ },
    { name: "a dot at an end", paths: ["a."], says: /nothing before/ },
    { name: "half a wildcard", paths: ["a.b*"], says: /within a name/ },
    { name: "three stars", paths: ["***"], says: /within a name/ },
    { name: "a space at an end", paths: ["a. b"], says: /a space at a dot/ },
    { name: "a line break", paths: ["a\nb"], says: /control character/ },
    { name: "too many parts", paths: [Array(33).fill("a").join(".")], says: /33 parts; 32 are allowed/ },
    { name: "a path too long", paths: ["a".repeat(MAX_HIDDEN_PATH_LENGTH + 1)], says: /longer than 200/ },
    {
      name: "too many paths",
      paths: Array.from({ length: MAX_HIDDEN_PATHS + 1 }, (_, i) => `a${i}`),
      says: /101 paths; 100/,
    },
  ];
  for (const { name, paths, says } of bad)
    it(`refuses ${name}`, () => assert.match(faultOfHiddenPaths(paths) ?? "", says));
});
