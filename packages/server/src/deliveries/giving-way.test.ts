import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPublishing } from "./giving-way.ts";

/** Something that gives way to publishes, how often it was told to go, and what waits until it is. */
function open() {
  const publishing = createPublishing();
  let told = 0;
  let tell = Promise.withResolvers<undefined>();
  const way = publishing.giveWay(() => {
    told++;
    tell.resolve(undefined);
    tell = Promise.withResolvers<undefined>();
  });
  return { publishing, mustWait: way.mustWait, told: () => told, free: () => tell.promise };
}

describe("what gives way to publishes", () => {
  it("need not wait while there are none", () => {
    const { mustWait, told } = open();
    assert.equal(mustWait(), false);
    assert.equal(told(), 0);
  });

  it("waits until there are none, is told so once, and may go then whatever has begun since", async () => {
    const { publishing, mustWait, told, free } = open();
    publishing.begin();
    publishing.begin();
    assert.deepEqual([mustWait(), mustWait()], [true, true]);
    publishing.end();
    publishing.end();
    assert.equal(mustWait(), true, "what was handed over is on its way");
    await free();
    publishing.begin();
    assert.equal(told(), 1);
    assert.deepEqual([mustWait(), mustWait()], [false, true], "it goes once, and waits for the next then");
    publishing.end();
    await free();
  });

  it("has no leave to go when it did not wait", async () => {
    const { publishing, mustWait, told } = open();
    publishing.begin();
    publishing.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(told(), 0);
    publishing.begin();
    assert.equal(mustWait(), true);
    publishing.end();
  });

  it("waits some milliseconds at most, though publishes follow each other", async () => {
    const { publishing, mustWait, free } = open();
    publishing.begin();
    const began = performance.now();
    assert.equal(mustWait(), true);
    publishing.end();
    publishing.begin();
    await free();
    assert.ok(performance.now() - began >= 7);
    assert.equal(publishing.count(), 1);
    publishing.end();
  });

  it("waits each by itself", async () => {
    const [a, publishing] = [open(), createPublishing()];
    const told: string[] = [];
    const [b, c] = ["b", "c"].map((name) => publishing.giveWay(() => void told.push(name)));
    publishing.begin();
    assert.deepEqual([b?.mustWait(), c?.mustWait(), a.mustWait()], [true, true, false]);
    publishing.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(told, ["b", "c"]);
    publishing.begin();
    assert.deepEqual([c?.mustWait(), b?.mustWait()], [false, false]);
    publishing.end();
  });
});
