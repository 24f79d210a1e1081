import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryStore } from "./seen.ts";

describe("createMemoryStore()", () => {
  it("gives an id to the first one, and tells others how it stands", () => {
    const store = createMemoryStore();
    assert.equal(store.claim("1", 10), "claimed");
    assert.equal(store.claim("1", 10), "running");
    store.done("1", 10);
    assert.equal(store.claim("1", 10), "done");
    assert.equal(store.claim("2", 10), "claimed");
    store.release("2");
    assert.equal(store.claim("2", 10), "claimed");
  });

  it("forgets what lapses", () => {
    let now = 0;
    const store = createMemoryStore({ now: () => now });
    store.claim("1", 10);
    now = 9_999;
    assert.equal(store.claim("1", 10), "running");
    now = 10_000;
    assert.equal(store.claim("1", 10), "claimed");
    store.done("1", 20);
    now = 29_999;
    assert.equal(store.claim("1", 10), "done");
    now = 30_000;
    assert.equal(store.claim("1", 10), "claimed");
  });

  it("holds no more than it may, and forgets the oldest first", () => {
    const store = createMemoryStore({ maxIds: 2 });
    for (const id of ["1", "2"]) {
      store.claim(id, 10);
      store.done(id, 10);
    }
    // What is set again is new again.
    store.done("1", 10);
    store.claim("3", 10);
    assert.equal(store.claim("1", 10), "done");
    assert.equal(store.claim("3", 10), "running");
    assert.equal(store.claim("2", 10), "claimed");
  });
});
