import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPause } from "./pause.ts";

describe("a pause", () => {
  it("is over when its time is", async () => {
    const began = performance.now();
    await createPause().wait(20);
    assert.ok(performance.now() - began >= 19);
  });

  it("is over at once when it is ended, and the next one is not", async () => {
    const pause = createPause();
    const long = pause.wait(1_000_000);
    pause.end();
    await long;
    let isOver = false;
    const next = pause.wait(1_000_000).then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isOver, false);
    pause.end();
    await next;
  });

  it("need not be waited for to be ended", () => {
    createPause().end();
  });
});
