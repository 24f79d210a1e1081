import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTeardown } from "./teardown.ts";

describe("createTeardown()", () => {
  it("stops what was started in reverse order, each after the one before has stopped", async () => {
    const stopped: string[] = [];
    const teardown = createTeardown();
    teardown.add("the store", () => stopped.push("store"));
    teardown.add("the router", async () => {
      await new Promise((resolve) => setImmediate(resolve));
      stopped.push("router");
    });
    teardown.add("the port", () => stopped.push("port"));
    await teardown.run();
    assert.deepEqual(stopped, ["port", "router", "store"]);
  });

  it("stops each once, however often it is told to", async () => {
    let stops = 0;
    const teardown = createTeardown();
    teardown.add("the store", () => stops++);
    await Promise.all([teardown.run(), teardown.run()]);
    await teardown.run();
    assert.equal(stops, 1);
  });

  it("stops the rest when one fails, and throws the first failure at the end, with its cause", async () => {
    const stopped: string[] = [];
    const cause = new Error("it hangs");
    const teardown = createTeardown();
    teardown.add("the store", () => stopped.push("store"));
    teardown.add("the router", () => Promise.reject(new Error("a later failure")));
    teardown.add("the port", () => {
      throw cause;
    });
    await assert.rejects(teardown.run(), (error: Error) => {
      assert.equal(error.message, "stopping the port failed");
      assert.equal(error.cause, cause);
      return true;
    });
    assert.deepEqual(stopped, ["store"]);
  });

  it("gives a step up that does not end, and goes on", async () => {
    const stopped: string[] = [];
    const teardown = createTeardown();
    teardown.add("the store", () => stopped.push("store"));
    teardown.add("the router", () => new Promise(() => undefined), 20);
    await assert.rejects(teardown.run(), { message: "stopping the router failed" });
    assert.deepEqual(stopped, ["store"]);
  });

  it("has nothing to do when nothing was started", () => createTeardown().run());
});
