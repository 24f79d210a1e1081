// Streams of the own API behind the real listener, as clients of every protocol see them. What executions do with their messages is in ../conformance.test.ts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { getEventListeners } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { InterposeError } from "@interpose/engine";
import { eventually } from "../../../test/harness/eventually.ts";
import { createTestExecutions, type TestExecutions } from "../../../test/hosts/executions.ts";
import { createFeed, type Feed } from "../../../test/hosts/feed.ts";
import { startOwnApi, type OwnApiTestOptions } from "../../../test/hosts/own-api.ts";
import { SHOP } from "../../../test/hosts/shop-api.ts";
import { WATCHING_CLIENTS, type Next, type WatchingClient } from "../../../test/hosts/watchers.ts";
import { startTarget } from "../../../test/harness/target.ts";
import type { Caller } from "../../access/caller.ts";
import type { ApiService } from "../../api/service.ts";
import type { OnePort } from "../../listener/one-port.ts";
import type { Log } from "../../observe/log.ts";

interface World {
  readonly feed: Feed;
  readonly port: OnePort;
  readonly number: number;
  readonly executions: TestExecutions;
  readonly stopping: AbortController;
  /** Fields of the events `call.ended`. */
  readonly ended: any[];
}

async function openWorld(
  t: TestContext,
  handlers?: ApiService["handlers"],
  options: OwnApiTestOptions = {},
): Promise<World> {
  const feed = createFeed();
  const executions = createTestExecutions(t);
  const stopping = new AbortController();
  const ended: unknown[] = [];
  const log: Log = (event, fields) => {
    if (event === "call.ended") ended.push(fields);
  };
  const service = { service: SHOP, handlers: handlers ?? { watch: feed.watch } };
  const port = await startOwnApi(t, service, executions, { stopping: stopping.signal, log, ...options });
  return { feed, port, number: port.address.port, executions, stopping, ended };
}

const GONE = new InterposeError("target_not_found", "There is no such thing. Look elsewhere.");
const REFUSED: Next = { code: 5, error: GONE.message };
/** Far longer than anything takes that is to be quick, and far shorter than a drain may. */
const QUICK_MS = 20_000;
const DRAIN_MS = 60_000;

for (const client of WATCHING_CLIENTS) {
  describe(`a stream of the own API, by ${client.name}`, { concurrency: true }, () => {
    it("is read message by message, each as soon as it is there, and ends", async (t) => {
      const { feed, number, ended } = await openWorld(t);
      const watcher = client.watch(t, number);
      for (let total = 1; total <= 3; total++) {
        const next = watcher.next();
        feed.push(`größer ${total}`);
        assert.deepEqual(await next, { text: `größer ${total}`, total });
      }
      feed.end();
      assert.equal(await watcher.next(), "end");
      await eventually("the call is logged", () => ended.length === 1);
      assert.deepEqual([ended[0].method, ended[0].code, ended[0].messages], ["/shop.v1.Shop/Watch", "ok", 3]);
      assert.equal(feed.finished(), 1);
    });

    it("may have no messages", async (t) => {
      const { feed, number } = await openWorld(t);
      feed.end();
      assert.equal(await client.watch(t, number).next(), "end");
    });

    it("is refused where the handler throws before its first message", async (t) => {
      const { feed, number, ended } = await openWorld(t);
      feed.end(GONE);
      assert.deepEqual(await client.watch(t, number).next(), REFUSED);
      assert.deepEqual([ended[0].code, ended[0].messages], ["not_found", 0]);
    });

    it("ends with an error behind the messages that came before it", async (t) => {
      const { feed, number } = await openWorld(t);
      const watcher = client.watch(t, number);
      feed.push("a");
      feed.push("b");
      feed.end(GONE);
      assert.deepEqual(
        [await watcher.next(), await watcher.next(), await watcher.next()],
        [{ text: "a", total: 1 }, { text: "b", total: 2 }, REFUSED],
      );
    });

    it("says nothing of a fault of our own but that there is one, and logs it", async (t) => {
      const { feed, number, ended } = await openWorld(t);
      const watcher = client.watch(t, number);
      feed.push("a");
      feed.end(new Error("the secret"));
      await watcher.next();
      assert.deepEqual(await watcher.next(), { code: 13, error: "The server failed. Its log says why." });
      assert.deepEqual([ended[0].code, ended[0].error.message], ["internal", "the secret"]);
    });

    it("ends in the handler when the client goes away", async (t) => {
      const { feed, number, ended } = await openWorld(t);
      const watcher = client.watch(t, number);
      feed.push("a");
      await watcher.next();
      watcher.cancel();
      await eventually("the handler has ended", () => feed.finished() === 1);
      assert.equal(feed.begun[0]?.aborted, true);
      await eventually("the call is logged", () => ended.length === 1);
      assert.deepEqual([ended[0].code, ended[0].messages, ended[0].error], ["cancelled", 1, undefined]);
    });

    it("ends at its deadline, in the handler too", async (t) => {
      const { feed, number, ended } = await openWorld(t);
      const watcher = client.watch(t, number, { timeoutMs: 400 });
      feed.push("a");
      await watcher.next();
      const { code } = (await watcher.next()) as { readonly code: number };
      assert.equal(code, 4);
      await eventually("the handler has ended", () => feed.finished() === 1);
      await eventually("the call is logged", () => ended.length === 1);
      // A client that counts the time too may be gone a moment before.
      assert.match(ended[0].code, /^(deadline_exceeded|cancelled)$/);
    });

    it("ends once its caller may no longer call, in the handler too", async (t) => {
      let isRevoked = false;
      let proven = 0;
      const prove = (): Promise<Caller> => {
        proven++;
        // Nobody can tell, at first.
        if (proven === 1) return Promise.reject(new InterposeError("store_unavailable", "The store does not answer."));
        if (isRevoked) return Promise.reject(new InterposeError("unauthenticated", "The token is not valid."));
        return Promise.resolve({ userId: "1", permissions: new Set<never>() });
      };
      const { feed, number, ended } = await openWorld(t, undefined, { provingAgain: { prove, everyMs: 20 } });
      const watcher = client.watch(t, number);
      feed.push("a");
      await watcher.next();
      const next = watcher.next();
      await eventually("the caller is proven again, and again", () => proven >= 3);
      isRevoked = true;
      assert.deepEqual(await next, { code: 16, error: "The token is not valid." });
      await eventually("the handler has ended", () => feed.finished() === 1);
      await eventually("the call is logged", () => ended.length === 1);
      assert.deepEqual([ended[0].code, ended[0].messages], ["unauthenticated", 1]);
      const then = proven;
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(proven, then, "nobody is proven for a stream that is over");
    });

    it("ends once its caller has lost the permission that it needs", async (t) => {
      const permissions = new Set(["execution.read"]);
      const { feed, number, ended } = await openWorld(t, undefined, {
        permission: "execution.read",
        permissions,
        provingAgain: { everyMs: 20 },
      });
      const watcher = client.watch(t, number);
      feed.push("a");
      await watcher.next();
      const next = watcher.next();
      permissions.clear();
      const { code, error } = (await next) as { readonly code: number; readonly error: string };
      assert.equal(code, 7);
      assert.match(error, /execution\.read/);
      await eventually("the handler has ended", () => feed.finished() === 1);
      await eventually("the call is logged", () => ended.length === 1);
      assert.deepEqual([ended[0].code, ended[0].messages], ["permission_denied", 1]);
    });

    it("is told that the server stops, and holds nothing up", async (t) => {
      const { feed, port, number, stopping, ended } = await openWorld(t);
      const watcher = client.watch(t, number);
      feed.push("a");
      await watcher.next();
      const next = watcher.next();
      stopping.abort();
      const drained = port.drain(DRAIN_MS);
      const { code, error } = (await next) as { readonly code: number; readonly error: string };
      assert.equal(code, 14);
      assert.match(error, /^The server is stopping\./);
      await quick(drained);
      assert.equal(feed.finished(), 1);
      assert.deepEqual([ended[0].code, ended[0].messages], ["unavailable", 1]);
    });

    it("is not begun once the server stops", async (t) => {
      const { feed, number, stopping } = await openWorld(t);
      stopping.abort();
      const { code } = (await client.watch(t, number).next()) as { readonly code: number };
      assert.deepEqual([code, feed.begun.length], [14, 0]);
    });

    it("needs the method's permission before anything else", async (t) => {
      const { feed, number } = await openWorld(t, undefined, { permission: "execution.write" });
      const { code } = (await client.watch(t, number).next()) as { readonly code: number };
      assert.deepEqual([code, feed.begun.length], [7, 0]);
    });

    it("is validated once request targets have seen the request, and before the handler does", async (t) => {
      const invalid = new InterposeError("validation_failed", "count: must be less.");
      const { feed, number, executions } = await openWorld(t, undefined, {
        validate: () => {
          throw invalid;
        },
      });
      const hook = await startTarget(t);
      executions.set({ request: [{ endpoint: hook.url }] });
      assert.deepEqual(await client.watch(t, number).next(), { code: 3, error: "count: must be less." });
      assert.deepEqual([hook.calls.length, feed.begun.length], [1, 0]);
    });

    it("goes through response targets message by message, until one is refused", async (t) => {
      const { feed, number, executions } = await openWorld(t);
      const hook = await startTarget(t, ({ body }) => ({
        body:
          body.response.total === 2
            ? { forwardedStatusCode: 403, forwardedErrorMessage: "no second" }
            : { text: `${body.response.text}, changed` },
      }));
      executions.set({ response: [{ endpoint: hook.url }] });
      const watcher = client.watch(t, number);
      const first = watcher.next();
      feed.push("a");
      assert.deepEqual(await first, { text: "a, changed", total: 1 });
      feed.push("b");
      assert.deepEqual(await watcher.next(), { code: 7, error: "no second (EXEC-reUaUZCzCp)" });
      await eventually("the handler has ended", () => feed.finished() === 1);
    });

    if (client.isEager) return;
    it("waits for a slow reader, loses nothing, and can be left", async (t) => {
      const { made, handlers, finished } = createFlood();
      const { number } = await openWorld(t, handlers);
      const watcher = client.watch(t, number);
      await watcher.next();
      const stopped = await standsStill(made);
      assert.ok(stopped < 1_000, `${stopped} messages of 64 KiB were made for a reader who had read one`);
      for (let total = 2; total <= stopped + 20; total++)
        assert.equal(((await watcher.next()) as { readonly total: number }).total, total);
      watcher.cancel();
      await eventually("the handler has ended", finished);
    });
  });
}

describe("a stream whose client reads nothing", { concurrency: true }, () => {
  for (const client of WATCHING_CLIENTS.filter(({ isEager }) => !isEager)) {
    it(`holds up no stop, by ${client.name}`, async (t) => {
      const { made, handlers, finished } = createFlood();
      const { number, port, stopping } = await openWorld(t, handlers);
      const watcher = client.watch(t, number);
      await watcher.next();
      await standsStill(made);
      stopping.abort();
      await eventually("the handler has ended", finished);
      await quick(port.drain(DRAIN_MS));
    });
  }
});

describe("streams of the own API", () => {
  it("hold on to nothing of the server once they are over, however many there were", async (t) => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    t.after(() => process.off("warning", note));
    const { feed, number, stopping } = await openWorld(t);
    const [client] = WATCHING_CLIENTS as readonly [WatchingClient];
    const watchers = Array.from({ length: 50 }, () => client.watch(t, number));
    const first = watchers.map((watcher) => watcher.next());
    feed.push("a");
    await Promise.all(first);
    assert.equal(getEventListeners(stopping.signal, "abort").length, 50);
    for (const watcher of watchers.slice(25)) watcher.cancel();
    feed.end();
    for (const watcher of watchers.slice(0, 25)) assert.equal(await watcher.next(), "end");
    await eventually("all handlers have ended", () => feed.finished() === 50);
    assert.equal(getEventListeners(stopping.signal, "abort").length, 0);
    assert.deepEqual(warnings, []);
  });

  it("are refused in the form of Connect that has none, with the way to call them", async (t) => {
    const { number } = await openWorld(t);
    const answer = await fetch(`http://127.0.0.1:${number}/shop.v1.Shop/Watch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const { code, message } = (await answer.json()) as { readonly code: string; readonly message: string };
    assert.deepEqual([answer.status, code], [400, "invalid_argument"]);
    assert.match(message, /Watch has a stream of messages\. Call it with .* application\/connect\+json/);
  });

  it("stop the start where clients would send one", async (t) => {
    const collect = (): object => ({});
    await assert.rejects(openWorld(t, { collect }), /shop\.v1\.Shop\.Collect has a stream of requests/);
  });
});

/** A handler that makes messages of 64 KiB, which cannot be compressed, as fast as they are taken. */
function createFlood(): {
  readonly made: () => number;
  readonly handlers: ApiService["handlers"];
  readonly finished: () => boolean;
} {
  let made = 0;
  let isFinished = false;
  const text = randomBytes(48 * 1024).toString("base64");
  async function* watch(): AsyncGenerator<object> {
    try {
      for (;;) yield await Promise.resolve({ text, total: ++made });
    } finally {
      isFinished = true;
    }
  }
  return { made: () => made, handlers: { watch }, finished: () => isFinished };
}

/** Waits until a count has not grown for a while, and answers it. */
async function standsStill(count: () => number): Promise<number> {
  let last = -1;
  return eventually("it stands still", async () => {
    const now = count();
    const stands = now > 0 && now === last;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return stands && now === count() ? now : undefined;
  });
}

/** Fails where a drain comes anywhere near its limit. */
async function quick(drained: Promise<boolean>): Promise<void> {
  const started = Date.now();
  assert.equal(await drained, true, "everything ended by itself");
  assert.ok(Date.now() - started < QUICK_MS, `it took ${Date.now() - started} ms`);
}
