import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { before, describe, it } from "node:test";
import { cleanUp, forSuite } from "../../../../test/harness/cleanup.ts";
import { eventually } from "../../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../../test/harness/gateway.ts";
import type { Gateway } from "../index.ts";

describe("a gateway and its clients of HTTP/1.1", () => {
  const suite = forSuite();
  let upstream: Http2Server;
  let gateway: Gateway;
  let url: string;
  let answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: string) => void;

  before(async () => {
    upstream = createServer();
    upstream.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      if (headers["x-early"] !== undefined) {
        answer(stream, headers, "");
        return;
      }
      let body = "";
      let trailers: IncomingHttpHeaders = {};
      stream.setEncoding("latin1").on("data", (text: string) => (body += text));
      stream.on("trailers", (given: IncomingHttpHeaders) => (trailers = given));
      stream.on("end", () => answer(stream, { ...headers, ...trailers }, body));
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    cleanUp(suite, () => void upstream.close());
    gateway = await startPassingGateway(suite, (upstream.address() as AddressInfo).port);
    url = `http://127.0.0.1:${gateway.address.port}`;
  });

  it("passes a request and its answer, without what belongs to one connection", async () => {
    let seen: IncomingHttpHeaders = {};
    answer = (stream, headers, body) => {
      seen = headers;
      stream.respond({ ":status": 201, "content-type": "text/plain", "x-twice": ["a", "b"] });
      stream.end(`got ${body}`);
    };
    const response = await fetch(`${url}/things?a=1`, {
      method: "PUT",
      body: "hello",
      headers: { "x-mine": "1", te: "trailers" },
    });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-twice"), "a, b");
    assert.equal(await response.text(), "got hello");
    const { ":method": method, ":path": path, ":authority": authority } = seen;
    assert.deepEqual([method, path, authority], ["PUT", "/things?a=1", new URL(url).host]);
    assert.equal(seen["x-mine"], "1");
    assert.equal(seen["x-forwarded-for"], "127.0.0.1");
    assert.equal(seen.connection, undefined);
    assert.equal(seen["transfer-encoding"], undefined);
  });

  it("passes many on one connection, and several connections at once", async () => {
    answer = (stream, _headers, body) => {
      stream.respond({ ":status": 200 });
      stream.end(body);
    };
    const texts = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (await fetch(url, { method: "POST", body: `${i}` })).text()),
    );
    assert.deepEqual(
      texts,
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
  });

  it("passes trailers both ways", async () => {
    let seen: IncomingHttpHeaders = {};
    answer = (stream, headers) => {
      seen = headers;
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "2" }));
      stream.end("body");
    };
    const request = httpRequest(url, { method: "POST", headers: { trailer: "x-up", "transfer-encoding": "chunked" } });
    request.addTrailers({ "x-up": "1" });
    request.end("up");
    const [response] = await once(request, "response");
    response.resume();
    await once(response, "end");
    assert.equal(response.trailers["x-sum"], "2");
    assert.equal(seen["x-up"], "1");
  });

  it("carries large bodies both ways, and holds a sender back whose receiver does not read", async () => {
    const size = 20 * 1024 * 1024;
    answer = (stream, _headers, body) => {
      stream.respond({ ":status": 200 });
      stream.end(Buffer.alloc(body.length, 1));
    };
    const response = await fetch(url, { method: "POST", body: Buffer.alloc(size) });
    assert.equal((await response.arrayBuffer()).byteLength, size);
    let written = 0;
    answer = (stream) => {
      stream.respond({ ":status": 200 });
      const write = (): void => {
        do written += 64 * 1024;
        while (stream.write(Buffer.alloc(64 * 1024)) && written < 200 * 1024 * 1024);
      };
      stream.on("drain", write);
      write();
    };
    const slow = connect(gateway.address.port, "127.0.0.1");
    slow.pause();
    slow.write("GET / HTTP/1.1\r\nHost: a\r\nX-Early: 1\r\n\r\n");
    let last = -1;
    await eventually("the writer stands still", async () => {
      if (written > 0 && written === last) return true;
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return false;
    });
    assert.ok(written < 30 * 1024 * 1024, `${written} bytes were taken`);
    slow.destroy();
  });

  it("tells the upstream that a client has gone", async () => {
    let closed = false;
    answer = (stream) => {
      stream.on("close", () => (closed = true));
      stream.respond({ ":status": 200 });
      stream.write("x");
    };
    const controller = new AbortController();
    const response = await fetch(url, { headers: { "x-early": "1" }, signal: controller.signal });
    assert.equal(response.status, 200);
    controller.abort();
    await eventually("the stream ends", () => closed);
  });

  it("ends the connection of a client whose answer breaks off", async () => {
    answer = (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("half");
      setTimeout(() => stream.destroy(new Error("broken")), 20);
    };
    const response = await fetch(url);
    await assert.rejects(response.text());
  });

  it("answers 502 where the upstream gives a call up before it answers", async () => {
    answer = (stream) => stream.destroy(new Error("broken"));
    assert.equal((await fetch(url)).status, 502);
    answer = (stream) => stream.respond({ ":status": 204 }, { endStream: true });
    assert.equal((await fetch(url)).status, 204, "and goes on");
  });

  it("lets what runs come to its end when it is drained, and takes nothing new", async (t) => {
    const draining = await startPassingGateway(t, (upstream.address() as AddressInfo).port);
    let hasBegun = false;
    answer = (stream) => {
      hasBegun = true;
      setTimeout(() => {
        stream.respond({ ":status": 200 });
        stream.end("done");
      }, 200);
    };
    const running = fetch(`http://127.0.0.1:${draining.address.port}`);
    await eventually("the request is there", () => hasBegun);
    const drained = draining.drain(5_000);
    await assert.rejects(fetch(`http://127.0.0.1:${draining.address.port}`));
    assert.equal(await (await running).text(), "done");
    assert.equal(await drained, true);
  });
});
