import assert from "node:assert/strict";
import { it } from "node:test";
import { createKept } from "./kept.ts";

it("createKept() makes a thing once, and drops what was not asked for in its time", () => {
  let now = 0;
  const told: string[] = [];
  const kept = createKept({
    make: (key) => (told.push(`made ${key}`), { key }),
    onDropped: ({ key }) => told.push(`dropped ${key}`),
    keepMs: 100,
    now: () => now,
  });
  const used = kept.of("used");
  kept.of("unused");
  now = 60;
  assert.equal(kept.of("used"), used);
  kept.of("second");
  now = 120;
  kept.of("third");
  assert.deepEqual(told, ["made used", "made unused", "made second", "dropped unused", "made third"]);
  assert.deepEqual(
    kept.all().map(({ key }) => key),
    ["used", "second", "third"],
  );
  assert.equal(kept.of("used"), used);
});
