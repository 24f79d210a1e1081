import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { DeadlinePassed, type CallFailure } from "@interpose/engine";
import { LOOPBACK } from "../test/call.ts";
import { deliver, deliverEach, delivery } from "../test/deliver.ts";
import { answer, bodyOf, selfSigned, startEndpoint } from "../test/endpoint.ts";
import { KEPT_REPLY_BYTES, type DeliveryExchange } from "./delivery.ts";
import { createTargetCaller } from "./target-caller.ts";

function assertFailed(exchange: DeliveryExchange, failure: CallFailure): void {
  assert.ok(exchange.kind === "failed", JSON.stringify(exchange));
  assert.equal(exchange.failure, failure, exchange.detail);
}

/** Nothing of the last request left this machine. */
function assertNothingSent({
  address,
  sentHeaders,
  status,
  connectMs,
  firstByteMs,
  replyBytes,
  reply,
}: DeliveryExchange) {
  const facts = { address, sentHeaders, status, connectMs, firstByteMs, replyBytes, reply };
  for (const [name, value] of Object.entries(facts)) assert.equal(value, undefined, name);
}

describe("TargetCaller.deliver()", () => {
  it("posts the bytes as they are, and tells what it sent, where to and what came back", async (t) => {
    let seen: unknown;
    let seenHeaders: Record<string, unknown> = {};
    const endpoint = await startEndpoint(t, async (incoming, response) => {
      const { host: _host, connection: _connection, "content-length": _length, ...headers } = incoming.headers;
      seenHeaders = headers;
      seen = [incoming.method, incoming.url, await bodyOf(incoming)];
      answer(response, 202, '{"b":"ü"}');
    });
    const text = '{ "b":1,\n"a":"ü" }';
    const headers = {
      "webhook-id": "18",
      "interpose-attempt": "2",
      "user-agent": "mine",
      "content-type": "text/plain",
    };
    const exchange = await deliver(delivery(`${endpoint.url}hook?x=1#f`, { payload: Buffer.from(text), headers }), {
      userAgent: "interpose/test",
      now: () => 1_790_000_000_999,
    });
    assert.deepEqual(seen, ["POST", "/hook?x=1", text]);
    assert.ok(exchange.kind === "replied", JSON.stringify(exchange));
    const { connectMs = -1, firstByteMs = -1, durationMs, reply = new Uint8Array(), ...rest } = exchange;
    assert.deepEqual(rest, {
      kind: "replied",
      status: 202,
      body: '{"b":"ü"}',
      url: `${endpoint.url}hook`,
      address: `127.0.0.1:${endpoint.port}`,
      sentHeaders: seenHeaders,
      replyBytes: 10,
      retryAfterMs: undefined,
    });
    assert.equal(Buffer.from(reply).toString(), '{"b":"ü"}');
    assert.ok(connectMs >= 0 && connectMs <= firstByteMs && firstByteMs <= durationMs, JSON.stringify(exchange));
    assert.deepEqual(seenHeaders, {
      "webhook-id": "17",
      "webhook-timestamp": "1790000000",
      "interpose-attempt": "2",
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": "interpose/test",
    });
  });

  it("keeps the reply of what it takes for a failure", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 422, "no such user"));
    const exchange = await deliver(delivery(endpoint.url));
    assertFailed(exchange, "status");
    assert.equal(exchange.status, 422);
    assert.equal(exchange.replyBytes, 12);
    assert.equal(Buffer.from(exchange.reply ?? []).toString(), "no such user");
  });

  it("tells a reply without a body from none", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 204));
    const { reply, replyBytes } = await deliver(delivery(endpoint.url));
    assert.deepEqual([reply?.byteLength, replyBytes], [0, 0]);
  });

  const now = Date.UTC(2026, 10, 6, 8, 49, 30);
  for (const [value, ms] of [
    ["30", 30_000],
    ["Fri, 06 Nov 2026 08:49:37 GMT", 7_000],
    ["soon", undefined],
  ] as const) {
    it(`reads "Retry-After: ${value}"`, async (t) => {
      const endpoint = await startEndpoint(t, (incoming, response) =>
        answer(response, incoming.url === "/ok" ? 200 : 503, "", { "retry-after": value }),
      );
      const exchanges = await deliverEach([delivery(endpoint.url), delivery(`${endpoint.url}ok`)], { now: () => now });
      assert.deepEqual(
        exchanges.map(({ status, retryAfterMs }) => [status, retryAfterMs]),
        [
          [503, ms],
          [200, ms],
        ],
      );
    });
  }

  it("keeps the first 16 KiB of a longer reply, of which a good one is read to its end", async (t) => {
    const text = Array.from({ length: 40_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
    const endpoint = await startEndpoint(t, (incoming, response) => {
      response.writeHead(incoming.url === "/ok" ? 200 : 500);
      // In pieces, none of which ends at 16 KiB.
      for (let i = 0; i < text.length; i += 5_000) response.write(text.slice(i, i + 5_000));
      response.end();
    });
    const [good, bad] = await deliverEach([delivery(`${endpoint.url}ok`), delivery(endpoint.url)]);
    assert.ok(good?.kind === "replied" && bad);
    assert.equal(good.body, text);
    assertFailed(bad, "status");
    for (const { reply, replyBytes } of [good, bad]) {
      assert.equal(Buffer.from(reply ?? []).toString(), text.slice(0, KEPT_REPLY_BYTES));
      assert.equal(replyBytes, text.length);
    }
  });

  for (const announced of [true, false]) {
    it(`reads little of a long reply that means nothing, its length ${announced ? "" : "not "}announced`, async (t) => {
      const text = "x".repeat(4_000_000);
      const endpoint = await startEndpoint(t, (_incoming, response) =>
        response.writeHead(500, announced ? { "content-length": String(text.length) } : {}).end(text),
      );
      const exchange = await deliver(delivery(endpoint.url));
      assertFailed(exchange, "status");
      assert.equal(exchange.reply?.byteLength, KEPT_REPLY_BYTES);
      const { replyBytes = 0 } = exchange;
      assert.ok(replyBytes > KEPT_REPLY_BYTES && replyBytes < 1_000_000, `${replyBytes} bytes`);
    });
  }

  it("keeps the beginning of a reply that is larger than allowed", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200, "x".repeat(200_000)));
    const exchange = await deliver(delivery(endpoint.url), { maxReplyBytes: 100 });
    assertFailed(exchange, "reply_too_large");
    assert.equal(exchange.status, 200);
    const { reply, replyBytes = 0 } = exchange;
    assert.ok(replyBytes > 100 && reply?.byteLength === Math.min(replyBytes, KEPT_REPLY_BYTES), `${replyBytes} bytes`);
  });

  it("keeps what was read when its time is over amid the reply", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => response.writeHead(200).write("half"));
    const exchange = await deliver(delivery(endpoint.url, { timeoutMs: 1_500 }));
    assertFailed(exchange, "timeout");
    assert.deepEqual([exchange.status, exchange.replyBytes], [200, 4]);
    assert.equal(Buffer.from(exchange.reply ?? []).toString(), "half");
    assert.equal(exchange.address, `127.0.0.1:${endpoint.port}`);
    assert.ok(exchange.firstByteMs !== undefined && exchange.firstByteMs <= exchange.durationMs);
  });

  it("tells what was sent when nothing comes back", async (t) => {
    const endpoint = await startEndpoint(t, (incoming) => void incoming.socket.destroy());
    const exchange = await deliver(delivery(endpoint.url));
    assertFailed(exchange, "exchange");
    assert.equal(exchange.address, `127.0.0.1:${endpoint.port}`);
    assert.equal(exchange.sentHeaders?.["content-type"], "application/json");
    const { status, firstByteMs, replyBytes, reply } = exchange;
    assert.deepEqual([status, firstByteMs, replyBytes, reply], [undefined, undefined, undefined, undefined]);
  });

  it("hides secrets: the endpoint's own, and given ones", async (t) => {
    const seen: (string | undefined)[] = [];
    const endpoint = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers.authorization);
      answer(response, 200);
    });
    const withPassword = `http://user:p%40ss@127.0.0.1:${endpoint.port}/hook?token=t0ken#fr4gment`;
    const exchanges = await deliverEach([delivery(withPassword), delivery(endpoint.url, { targetId: "2" })], {
      credentialsOf: (id) =>
        id === "2" ? { signingKeys: [], headers: { Authorization: "Bearer p@ss", "X-Key": "p@ss" } } : undefined,
    });
    assert.deepEqual(seen, [`Basic ${Buffer.from("user:p@ss").toString("base64")}`, "Bearer p@ss"]);
    assert.equal(exchanges[0]?.sentHeaders?.authorization, "(hidden)");
    assert.equal(exchanges[1]?.sentHeaders?.authorization, "(hidden)");
    assert.equal(exchanges[1].sentHeaders["x-key"], "(hidden)");
    assert.equal(exchanges[0].url, `${endpoint.url}hook`);
    const told = JSON.stringify(exchanges);
    for (const secret of ["p%40ss", "p@ss", "t0ken", "fr4gment", Buffer.from("user:p@ss").toString("base64")]) {
      assert.ok(!told.includes(secret), secret);
    }
  });
});

describe("the connection of a delivery", () => {
  it("is told with the time that it took only where it was made", async (t) => {
    const endpoint = await startEndpoint(t, (incoming, response) =>
      answer(response, 200, "", incoming.url === "/last" ? { connection: "close" } : {}),
    );
    const paths = ["first", "kept", "last", "new"];
    const exchanges = await deliverEach(paths.map((path) => delivery(endpoint.url + path)));
    assert.deepEqual(
      exchanges.map(({ connectMs }) => connectMs !== undefined),
      [true, false, false, true],
    );
    for (const { address } of exchanges) assert.equal(address, `127.0.0.1:${endpoint.port}`);
    assert.equal(endpoint.connections(), 2);
  });

  it("is each one's own among many at once", async (t) => {
    // Two servers behind one name and port; each answers where it was reached.
    const servers = [0, 1].map(() =>
      createServer((incoming, response) => {
        const { localAddress = "", localPort } = incoming.socket;
        const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
        setTimeout(() => response.end(`${host}:${localPort}`), Math.random() * 5);
      }),
    );
    t.after(() => servers.forEach((server) => server.close().closeAllConnections()));
    const [first, second] = servers;
    assert.ok(first && second);
    await once(first.listen(0, "127.0.0.1"), "listening");
    const { port } = first.address() as AddressInfo;
    await once(second.listen(port, "::1"), "listening");
    let asked = 0;
    const caller = createTargetCaller({
      egressAllow: LOOPBACK,
      maxConnectionsPerOrigin: 6,
      resolve: () =>
        Promise.resolve([asked++ % 2 === 0 ? { address: "127.0.0.1", family: 4 } : { address: "::1", family: 6 }]),
    });
    t.after(() => caller.close());
    const { signal } = new AbortController();
    const request = delivery(`http://both.invalid:${port}/`);
    const exchanges = await Promise.all(Array.from({ length: 200 }, () => caller.deliver(request, signal)));
    const reached = new Set<string>();
    for (const exchange of exchanges) {
      assert.ok(exchange.kind === "replied", JSON.stringify(exchange));
      assert.equal(exchange.address, exchange.body);
      reached.add(exchange.body);
    }
    assert.deepEqual([...reached].sort(), [`127.0.0.1:${port}`, `[::1]:${port}`]);
    assert.equal(exchanges.filter(({ connectMs }) => connectMs !== undefined).length, 6);
  });

  it("is that to where it was redirected", async (t) => {
    const other = await startEndpoint(t, (_incoming, response) => answer(response, 200, "there"));
    const endpoint = await startEndpoint(t, (_incoming, response) =>
      answer(response, 307, "elsewhere", { location: `${other.url}there?secret=1`, "retry-after": "5" }),
    );
    const exchange = await deliver(delivery(endpoint.url.replace("http://", "http://user:pass@")));
    assert.ok(exchange.kind === "replied", JSON.stringify(exchange));
    assert.equal(exchange.url, `${other.url}there`);
    assert.equal(exchange.address, `127.0.0.1:${other.port}`);
    assert.equal(exchange.sentHeaders?.authorization, undefined);
    assert.deepEqual([exchange.replyBytes, exchange.retryAfterMs], [5, undefined]);
    assert.equal(Buffer.from(exchange.reply ?? []).toString(), "there");
    assert.ok(exchange.connectMs !== undefined);
  });

  it("carries no given authorization to where it was redirected", async (t) => {
    const seen: (string | undefined)[] = [];
    const other = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers.authorization, incoming.headers["webhook-id"] as string);
      answer(response, 200);
    });
    const endpoint = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers.authorization);
      if (incoming.url === "/") answer(response, 307, "", { location: "/again" });
      else answer(response, 307, "", { location: other.url });
    });
    const headers = { authorization: "Bearer secret" };
    const exchange = await deliver(delivery(endpoint.url), { credentialsOf: () => ({ signingKeys: [], headers }) });
    assert.equal(exchange.kind, "replied");
    assert.deepEqual(seen, ["Bearer secret", "Bearer secret", undefined, "17"]);
    assert.equal(exchange.sentHeaders?.authorization, undefined);
  });

  it("is kept by a redirect within the origin", async (t) => {
    const endpoint = await startEndpoint(t, (incoming, response) =>
      answer(response, incoming.url === "/" ? 308 : 200, "", { location: "/there" }),
    );
    const exchange = await deliver(delivery(endpoint.url), { maxConnectionsPerOrigin: 1 });
    assert.equal(exchange.url, `${endpoint.url}there`);
    assert.equal(exchange.connectMs, undefined);
    assert.equal(endpoint.connections(), 1);
  });

  it("was made already for who waits for it second, also when the first gave up", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const found = Promise.withResolvers<undefined>();
    const caller = createTargetCaller({
      egressAllow: LOOPBACK,
      maxConnectionsPerOrigin: 1,
      resolve: () => found.promise.then(() => [{ address: "127.0.0.1", family: 4 }]),
    });
    t.after(() => caller.close());
    const { signal } = new AbortController();
    const url = `http://slow.invalid:${endpoint.port}/`;
    const gaveUp = await caller.deliver(delivery(url, { timeoutMs: 50 }), signal);
    assertFailed(gaveUp, "timeout");
    assertNothingSent(gaveUp);
    const next = caller.deliver(delivery(url), signal);
    found.resolve(undefined);
    const { kind, connectMs } = await next;
    assert.deepEqual([kind, connectMs], ["replied", undefined]);
    assert.equal(endpoint.connections(), 1);
  });

  it("outlives those who waited for it in vain", async (t) => {
    let release = (): void => undefined;
    const arrived = Promise.withResolvers<undefined>();
    const endpoint = await startEndpoint(t, (incoming, response) => {
      if (incoming.url !== "/slow") {
        answer(response, 200);
        return;
      }
      release = () => answer(response, 200);
      arrived.resolve(undefined);
    });
    const caller = createTargetCaller({ egressAllow: LOOPBACK, maxConnectionsPerOrigin: 1 });
    t.after(() => caller.close());
    const { signal } = new AbortController();
    const slow = caller.deliver(delivery(`${endpoint.url}slow`), signal);
    await arrived.promise;
    const waited = await caller.deliver(delivery(endpoint.url, { timeoutMs: 50 }), signal);
    assertFailed(waited, "timeout");
    assertNothingSent(waited);
    const next = caller.deliver(delivery(endpoint.url), signal);
    release();
    assert.equal((await slow).kind, "replied");
    const { kind, connectMs } = await next;
    assert.deepEqual([kind, connectMs], ["replied", undefined]);
    assert.equal(endpoint.connections(), 1);
  });
});

describe("a delivery of which nothing could be sent", () => {
  it("says so when egress rules deny its address", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const exchange = await deliver(delivery(`${endpoint.url}hook?x=1`), { egressAllow: [] });
    assertFailed(exchange, "egress_denied");
    assertNothingSent(exchange);
    assert.equal(exchange.url, `${endpoint.url}hook`);
    assert.equal(endpoint.connections(), 0);
  });

  it("says so of where it was redirected", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) =>
      answer(response, 307, "", { location: "http://169.254.169.254/latest?x" }),
    );
    const exchange = await deliver(delivery(endpoint.url));
    assertFailed(exchange, "egress_denied");
    assertNothingSent(exchange);
    assert.equal(exchange.url, "http://169.254.169.254/latest");
  });

  it("says so when TLS fails", async (t) => {
    const certificate = selfSigned();
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200), certificate);
    const exchange = await deliver(delivery(endpoint.url));
    assertFailed(exchange, "tls");
    assertNothingSent(exchange);
    const trusted = await deliver(delivery(endpoint.url), { ca: certificate.cert });
    assert.ok(trusted.kind === "replied" && trusted.connectMs !== undefined, JSON.stringify(trusted));
  });

  it("says so when its name does not resolve", async () => {
    const exchange = await deliver(delivery("http://nowhere.invalid/"), { resolve: () => Promise.resolve([]) });
    assertFailed(exchange, "dns");
    assertNothingSent(exchange);
  });

  it("says so when its payload is too large, or its endpoint no URL", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const large = await deliver(delivery(endpoint.url, { payload: Buffer.alloc(101) }), { maxPayloadBytes: 100 });
    assertFailed(large, "payload_too_large");
    const nowhere = await deliver(delivery("nowhere"));
    assertFailed(nowhere, "connect");
    for (const exchange of [large, nowhere]) {
      assertNothingSent(exchange);
      assert.equal(exchange.url, undefined);
    }
    assert.equal(endpoint.connections(), 0);
  });

  it("says so when a header can't be one", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const exchange = await deliver(delivery(endpoint.url, { id: "a\r\nb: c" }));
    assertFailed(exchange, "exchange");
    assertNothingSent(exchange);
  });

  it("says so when it was ended before it began", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const exchange = await deliver(delivery(endpoint.url), {}, AbortSignal.abort());
    assertFailed(exchange, "cancelled");
    assertNothingSent(exchange);
    assert.equal(endpoint.connections(), 0);
  });
});

describe("a delivery that is ended by its signal", () => {
  for (const [reason, failure] of [
    [undefined, "cancelled"],
    [new DeadlinePassed("60 s"), "deadline"],
  ] as const) {
    it(`is ${failure}, and says what was sent`, async (t) => {
      const controller = new AbortController();
      const endpoint = await startEndpoint(t, () => controller.abort(reason));
      const exchange = await deliver(delivery(endpoint.url), {}, controller.signal);
      assertFailed(exchange, failure);
      assert.equal(exchange.address, `127.0.0.1:${endpoint.port}`);
      assert.notEqual(exchange.sentHeaders, undefined);
      assert.equal(exchange.status, undefined);
    });
  }
});
