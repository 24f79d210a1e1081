import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createLineBuffer } from "./line-buffer.ts";

describe("createLineBuffer()", () => {
  it("writes lines together after a while, at once when there are enough, and when it is told to", async () => {
    const written: string[] = [];
    const lines = createLineBuffer((text) => void written.push(text), { waitMs: 20, enough: 10 });
    lines.add("one\n");
    lines.add("two\n");
    assert.deepEqual(written, []);
    await delay(60);
    assert.deepEqual(written, ["one\ntwo\n"]);
    lines.add("three\n");
    lines.add("four\n");
    assert.deepEqual(written.slice(1), ["three\nfour\n"]);
    lines.add("five\n");
    lines.flush();
    lines.flush();
    assert.deepEqual(written.slice(2), ["five\n"]);
    await delay(60);
    assert.equal(written.length, 3);
  });
});
