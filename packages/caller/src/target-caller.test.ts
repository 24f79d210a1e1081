import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { DeadlinePassed, InterposeError, type JsonObject } from "@interpose/engine";
import { assertFailed, call, LOOPBACK, request } from "../test/call.ts";
import { answer, bodyOf, selfSigned, startEndpoint } from "../test/endpoint.ts";
import type { TargetCallerOptions } from "./options.ts";
import { createTargetCaller } from "./target-caller.ts";

describe("TargetCaller.call()", () => {
  it("posts the payload as JSON, and answers the whole reply", async (t) => {
    let seen: unknown;
    const endpoint = await startEndpoint(t, async (incoming, response) => {
      const { "content-type": type, traceparent, "user-agent": agent, authorization } = incoming.headers;
      seen = {
        method: incoming.method,
        url: incoming.url,
        type,
        agent,
        authorization,
        traceparent,
        body: await bodyOf(incoming),
      };
      answer(response, 201, '{"b":1}');
    });
    const sent = request(`${endpoint.url}hook?x=1#fragment`);
    const exchange = await call(
      { ...sent, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
      { userAgent: "interpose/test" },
    );
    assert.ok(exchange.kind === "replied");
    assert.deepEqual([exchange.status, exchange.body], [201, '{"b":1}']);
    assert.ok(exchange.durationMs > 0);
    const { traceparent, ...rest } = seen as { traceparent: string };
    assert.deepEqual(rest, {
      method: "POST",
      url: "/hook?x=1",
      type: "application/json",
      agent: "interpose/test",
      authorization: undefined,
      body: '{"a":"ü"}',
    });
    assert.match(traceparent, /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  });

  it("keeps connections", async (t) => {
    const endpoint = await startEndpoint(
      t,
      (incoming, response) => void bodyOf(incoming).then(() => answer(response, 200)),
    );
    const caller = createTargetCaller({ egressAllow: LOOPBACK });
    for (let i = 0; i < 20; i++) await caller.call(request(endpoint.url), new AbortController().signal);
    // A reply is there a moment before its connection is free again, so that the next call may take a second one.
    assert.ok(endpoint.connections() <= 2, `${endpoint.connections()} connections`);
    await caller.close();
  });

  it("calls https, and refuses a certificate that it does not trust", async (t) => {
    const certificate = selfSigned();
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200, "safe"), certificate);
    const trusted = await call(request(endpoint.url), { ca: certificate.cert });
    assert.ok(trusted.kind === "replied", JSON.stringify(trusted));
    assertFailed(await call(request(endpoint.url)), "tls");
  });

  it("says that there is no such name", async () => {
    assertFailed(
      await call(request("http://nowhere.invalid/"), { resolve: () => Promise.reject(new Error("ENOTFOUND")) }),
      "dns",
    );
    assertFailed(await call(request("http://nowhere.invalid/"), { resolve: () => Promise.resolve([]) }), "dns");
  });

  it("says that nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    assertFailed(await call(request(`http://127.0.0.1:${port}/`)), "connect");
  });

  it("says that the exchange broke off", async (t) => {
    const cut = await startEndpoint(t, (incoming) => void incoming.socket.destroy());
    assertFailed(await call(request(cut.url)), "exchange");
    const half = await startEndpoint(t, (_incoming, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      response.socket?.end();
    });
    assertFailed(await call(request(half.url)), "exchange");
    const garbage = createServer((socket) => socket.end("SSH-2.0-nope\r\n")).listen(0, "127.0.0.1");
    t.after(() => garbage.close());
    await once(garbage, "listening");
    assertFailed(await call(request(`http://127.0.0.1:${(garbage.address() as AddressInfo).port}/`)), "exchange");
  });

  it("bounds the whole exchange by the target's timeout", async (t) => {
    const silent = await startEndpoint(t, () => undefined);
    assertFailed(await call(request(silent.url, { timeoutMs: 60 })), "timeout");
    const dripping = await startEndpoint(t, (_incoming, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("."), 10);
      response.on("close", () => clearInterval(timer));
    });
    assertFailed(await call(request(dripping.url, { timeoutMs: 100 })), "timeout");
    assertFailed(
      await call(request("http://slow.invalid/", { timeoutMs: 50 }), { resolve: () => new Promise(() => undefined) }),
      "timeout",
    );
  });

  it("can be told a timeout that no timer holds", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    assert.equal((await call(request(endpoint.url, { timeoutMs: 1e15 }))).kind, "replied");
    const silent = await startEndpoint(t, () => undefined);
    assert.equal((await call(request(silent.url, { timeoutMs: 0.000001 }))).kind, "failed");
  });

  it("ends when its caller goes away", async (t) => {
    const silent = await startEndpoint(t, () => undefined);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    assertFailed(await call(request(silent.url), {}, controller.signal), "cancelled");
    assertFailed(await call(request(silent.url), {}, AbortSignal.abort()), "cancelled");
  });

  it("ends at the deadline of its run, and says which it was", async (t) => {
    const silent = await startEndpoint(t, () => undefined);
    const ended = await call(request(silent.url), {}, AbortSignal.abort(new DeadlinePassed("60 s")));
    assertFailed(ended, "deadline");
    assert.ok(ended.kind === "failed" && ended.detail === "60 s");
  });

  it("sends the chain of runs along, also to where it is redirected", async (t) => {
    const seen: unknown[] = [];
    const endpoint = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers["interpose-run"]);
      if (incoming.url === "/") answer(response, 307, "", { location: "/there" });
      else answer(response, 200);
    });
    await call({ ...request(endpoint.url), chain: "1.2.signed" });
    await call(request(`${endpoint.url}there`));
    assert.deepEqual(seen, ["1.2.signed", "1.2.signed", undefined]);
  });

  for (const status of [300, 304, 400, 404, 500, 503]) {
    it(`takes ${status} for a failure`, async (t) => {
      const endpoint = await startEndpoint(t, (_incoming, response) =>
        answer(response, status, status === 304 ? "" : "body"),
      );
      assertFailed(await call(request(endpoint.url)), status < 400 ? "redirect" : "status", status);
    });
  }

  it("bounds what it reads, whatever length was announced", async (t) => {
    const announced = await startEndpoint(t, (_incoming, response) => answer(response, 200, "x".repeat(101)));
    assertFailed(await call(request(announced.url), { maxReplyBytes: 100 }), "reply_too_large", 200);
    const endless = await startEndpoint(t, (_incoming, response) => {
      response.writeHead(200);
      const write = (): void =>
        void (response.writable && response.write("x".repeat(1_000), () => setImmediate(write)));
      write();
    });
    assertFailed(await call(request(endless.url), { maxReplyBytes: 100 }), "reply_too_large", 200);
    const exact = await startEndpoint(t, (_incoming, response) => answer(response, 200, "x".repeat(100)));
    assert.equal((await call(request(exact.url), { maxReplyBytes: 100 })).kind, "replied");
  });

  it("does not unpack what it did not ask for", async (t) => {
    const bomb = await startEndpoint(t, (_incoming, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(1_000_000))),
    );
    assertFailed(await call(request(bomb.url)), "exchange", 200);
  });

  it("bounds what it sends, and then sends nothing", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    assertFailed(
      await call(request(endpoint.url, {}, { a: "x".repeat(200) }), { maxPayloadBytes: 100 }),
      "payload_too_large",
    );
    assert.equal(endpoint.connections(), 0);
  });
});

describe("TargetCaller.call() with a payload that cannot be written", () => {
  it("fails, and does not throw", async () => {
    let deep: JsonObject = {};
    for (let i = 0; i < 200_000; i++) deep = { deep };
    assertFailed(await call(request("http://nowhere.invalid/", {}, deep)), "exchange");
  });
});

describe("TargetCaller.callInBackground()", () => {
  it("is waited for by drain, and tells of its end", async (t) => {
    const ended: string[] = [];
    const endpoint = await startEndpoint(t, (_incoming, response) => void setTimeout(() => answer(response, 200), 50));
    const caller = createTargetCaller({
      egressAllow: LOOPBACK,
      onBackgroundCall: (id, { kind }) => ended.push(`${id} ${kind}`),
    });
    void caller.callInBackground(request(endpoint.url));
    await caller.drain(5_000);
    assert.deepEqual(ended, ["1 replied"]);
    await caller.close();
  });

  it("is ended by drain when it takes too long", async (t) => {
    const ended: string[] = [];
    const silent = await startEndpoint(t, () => undefined);
    const caller = createTargetCaller({
      egressAllow: LOOPBACK,
      onBackgroundCall: (_id, exchange) => ended.push(exchange.kind === "failed" ? exchange.failure : ""),
    });
    void caller.callInBackground(request(silent.url, { timeoutMs: 60_000 }));
    await caller.drain(50);
    assert.deepEqual(ended, ["cancelled"]);
    await caller.close();
  });

  it("is bounded in number, and tells of what was dropped", async (t) => {
    const ended: string[] = [];
    const silent = await startEndpoint(t, () => undefined);
    const caller = createTargetCaller({
      egressAllow: LOOPBACK,
      maxBackgroundCalls: 2,
      onBackgroundCall: (_id, exchange) => ended.push(exchange.kind === "failed" ? exchange.detail : ""),
    });
    for (let i = 0; i < 3; i++) void caller.callInBackground(request(silent.url));
    assert.deepEqual(ended, ["2 calls are waiting in the background already"]);
    await caller.drain(10);
    await caller.close();
  });

  it("answers what came of it", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200, "{}"));
    const caller = createTargetCaller({ egressAllow: LOOPBACK });
    const exchange = await caller.callInBackground(request(endpoint.url));
    assert.equal(exchange.kind === "replied" && exchange.body, "{}");
    await caller.close();
  });

  it("says what it is for, where that is not in earnest", async (t) => {
    const purposes: unknown[] = [];
    const endpoint = await startEndpoint(t, ({ headers }, response) => {
      purposes.push(headers["interpose-purpose"]);
      answer(response, 200);
    });
    const caller = createTargetCaller({ egressAllow: LOOPBACK });
    await caller.callInBackground(request(endpoint.url));
    await caller.callInBackground({ ...request(endpoint.url), purpose: "shadow" });
    assert.deepEqual(purposes, [undefined, "shadow"]);
    await caller.close();
  });

  it("takes neither place nor connection from others for a shadow, is bounded for it too, and counts what was left out", async (t) => {
    const dropped: number[] = [];
    let isSilent = true;
    const arrived = Promise.withResolvers<unknown>();
    const endpoint = await startEndpoint(t, (_incoming, response) => {
      arrived.resolve(undefined);
      if (!isSilent) answer(response, 200);
    });
    const caller = createTargetCaller({
      egressAllow: LOOPBACK,
      maxBackgroundCalls: 1,
      maxShadowCalls: 2,
      maxConnectionsPerOrigin: 1,
      onShadowDropped: (count) => dropped.push(count),
    });
    const shadow = { ...request(endpoint.url, { timeoutMs: 60_000 }), purpose: "shadow" } as const;
    const shadows = [1, 2, 3, 4].map(() => caller.callInBackground(shadow));
    assert.deepEqual(dropped, [1, 2]);
    await arrived.promise;
    isSilent = false;
    // On the one connection that its origin may have.
    assert.equal((await caller.call(request(endpoint.url), new AbortController().signal)).kind, "replied");
    assert.equal((await caller.callInBackground(request(endpoint.url))).kind, "replied");
    await caller.drain(10);
    assert.deepEqual(
      (await Promise.all(shadows)).map((each) => each.kind === "failed" && each.failure),
      ["cancelled", "cancelled", "connect", "connect"],
    );
    await caller.close();
  });
});

describe("createTargetCaller()", () => {
  const wrong: readonly Partial<TargetCallerOptions>[] = [
    { maxReplyBytes: 0 },
    { maxPayloadBytes: 1.5 },
    { maxRedirects: -1 },
    { maxRedirects: 21 },
    { maxConnectionsPerOrigin: 0 },
    { egressAllow: ["nope/8"] },
  ];
  for (const options of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => createTargetCaller(options),
        (error) => error instanceof InterposeError && error.reason === "settings_invalid",
      );
    });
  }
});
