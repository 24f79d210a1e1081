import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import {
  connect as connectHttp2,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
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

  it("passes interim responses, to clients of both versions", async () => {
    answer = (stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</a.css>; rel=preload", "x-hint": "1" });
      stream.additionalHeaders({ ":status": 102 });
      stream.respond({ ":status": 200 });
      stream.end();
    };
    const seen: (readonly [unknown, unknown])[] = [];
    const request = httpRequest(url).end();
    request.on("information", ({ statusCode, headers }) => seen.push([statusCode, headers["x-hint"]]));
    const [response] = await once(request, "response");
    response.resume();
    await once(response, "end");
    const session = connectHttp2(url);
    const stream = session.request({ ":path": "/" });
    stream.on("headers", (fields) => seen.push([fields[":status"], fields["x-hint"]]));
    stream.resume();
    await once(stream, "end");
    session.close();
    const each = [
      [103, "1"],
      [102, undefined],
    ];
    assert.deepEqual(seen, [...each, ...each]);
  });

  it("has the API say whether a client shall send its body, and knows that HTTP/1.0 cannot be asked", async () => {
    answer = (stream) => {
      stream.additionalHeaders({ ":status": 100 });
      let size = 0;
      stream.on("data", (chunk: Buffer) => (size += chunk.byteLength));
      stream.on("end", () => {
        stream.respond({ ":status": 200 });
        stream.end(String(size));
      });
    };
    const headers = { expect: "100-continue", "content-length": "4", "x-early": "1" };
    const request = httpRequest(url, { method: "POST", headers });
    request.flushHeaders();
    await once(request, "continue");
    request.end("body");
    const [response] = await once(request, "response");
    assert.equal(Buffer.concat(await response.toArray()).toString(), "4");
    const session = connectHttp2(url);
    const stream = session.request({ ":method": "POST", ":path": "/", ...headers });
    await once(stream, "continue");
    stream.end("body");
    assert.equal(Buffer.concat(await stream.toArray()).toString(), "4");
    session.close();
    const old = connect(gateway.address.port, "127.0.0.1");
    old.write("POST / HTTP/1.0\r\nHost: a\r\nX-Early: 1\r\nContent-Length: 4\r\n\r\nbody");
    let text = "";
    for await (const chunk of old.setEncoding("latin1")) text += chunk as string;
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(text, /\r\n\r\n4$/);
  });

  it("takes a whole URL in place of the path, whose host counts", async () => {
    let seen: IncomingHttpHeaders = {};
    answer = (stream, headers) => {
      seen = headers;
      stream.respond({ ":status": 204 }, { endStream: true });
    };
    for (const [target, path] of [
      ["http://elsewhere:81/things?a=1", "/things?a=1"],
      ["HTTP://elsewhere:81", "/"],
      ["http://elsewhere:81?a=1", "/?a=1"],
    ] as const) {
      const socket = connect(gateway.address.port, "127.0.0.1");
      socket.write(`GET ${target} HTTP/1.1\r\nHost: other\r\n\r\n`);
      await once(socket, "data");
      socket.destroy();
      assert.deepEqual([seen[":path"], seen[":authority"]], [path, "elsewhere:81"]);
    }
  });

  it("refuses to be a tunnel by CONNECT", async () => {
    const socket = connect(gateway.address.port, "127.0.0.1");
    socket.write("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.match(chunk.toString(), /^HTTP\/1\.1 405 /);
  });

  it("turns fields that HTTP/1.1 cannot have into 502, and goes on", async () => {
    answer = (stream) => {
      stream.respond({ ":status": 200, "x-odd": "a\u0001b" });
      stream.end("x");
    };
    assert.equal((await fetch(url)).status, 502);
    answer = (stream) => {
      stream.respond({ ":status": 200, trailer: "x-sum", "content-length": "1" });
      stream.end("x");
    };
    assert.equal(await (await fetch(url)).text(), "x", "trailers cannot follow a length");
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
