import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { before, describe, it } from "node:test";
import { compileSnapshot, executionsById, parseConditionId, type Snapshot } from "@interpose/engine";
import { WebSocket as WsClient, WebSocketServer } from "ws";
import { createCertificate } from "../../../../test/harness/certificate.ts";
import { cleanUp, forSuite, type Cleanup } from "../../../../test/harness/cleanup.ts";
import { eventually } from "../../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../../test/harness/gateway.ts";
import { openRaw, rawRequest } from "../../../../test/harness/raw-http.ts";
import { SHOP_PROTOS } from "../../../../test/harness/shop.ts";
import { loadDescriptors } from "../descriptors/index.ts";
import type { Gateway } from "../index.ts";

const MIB = 1024 * 1024;
const UPGRADE = { connection: "Upgrade", upgrade: "raw" };

async function listening(t: Cleanup, server: Server | ReturnType<typeof createHttp2Server>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("a WebSocket through a gateway", () => {
  const suite = forSuite();
  const requests: IncomingMessage[] = [];
  let port: number;
  let upstreamPort: number;
  let sockets: WebSocketServer;
  before(async () => {
    const upstream = createServer((_request, response) => void response.writeHead(426).end("only WebSocket"));
    sockets = new WebSocketServer({
      server: upstream,
      handleProtocols: (offered) => [...offered][0] ?? false,
      verifyClient: ({ req }, answer) => answer(req.url !== "/locked", 401),
    });
    sockets.on("connection", (socket, request) => {
      requests.push(request);
      socket.on("error", () => undefined);
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    upstreamPort = await listening(suite, upstream);
    port = (await startPassingGateway(suite, upstreamPort)).address.port;
  });

  it("opens, carries messages of any size both ways, and closes with its code", async () => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat?a=1`, ["json", "text"]);
    client.binaryType = "arraybuffer";
    await once(client, "open");
    assert.equal(client.protocol, "json");
    for (const size of [1, 100, 70_000, 20 * MIB]) {
      client.send(new Uint8Array(size).fill(7));
      const [{ data }] = (await once(client, "message")) as [MessageEvent];
      assert.equal((data as ArrayBuffer).byteLength, size);
    }
    client.close(4001, "enough");
    const [{ code, reason }] = (await once(client, "close")) as [CloseEvent];
    assert.deepEqual([code, reason], [4001, "enough"]);
    const { url, headers } = requests.at(-1) ?? assert.fail();
    assert.equal(url, "/chat?a=1");
    assert.equal(headers.host, `127.0.0.1:${port}`);
    assert.equal(headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(headers["x-forwarded-proto"], "http");
  });

  it("tells its client when the API breaks off, and the API when its client does", async () => {
    const first = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(first, "open");
    for (const each of sockets.clients) each.terminate();
    const [{ code }] = (await once(first, "close")) as [CloseEvent];
    assert.equal(code, 1006);
    const second = new WsClient(`ws://127.0.0.1:${port}/`);
    await once(second, "open");
    await eventually("the API has it", () => sockets.clients.size === 1);
    second.terminate();
    await eventually("the API has lost it", () => sockets.clients.size === 0);
  });

  it("is refused with the API's own answer", async (t) => {
    const client = new WsClient(`ws://127.0.0.1:${port}/locked`);
    const [, response] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 401);
    const raw = await openRaw(t, port);
    raw.write(rawRequest("GET", "/", { headers: { connection: "upgrade", upgrade: "websocket" } }));
    assert.equal((await raw.answer()).status, 400, "there is no key");
    await raw.closed();
  });

  it("is spoken over TLS too", async (t) => {
    const { certFile, keyFile, ca } = await createCertificate(t);
    const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
    const gateway = await startPassingGateway(t, upstreamPort, {}, { tls });
    const client = new WsClient(`wss://localhost:${gateway.address.port}/`, { ca });
    await once(client, "open");
    client.send("hello");
    const [data] = (await once(client, "message")) as [Buffer];
    assert.equal(data.toString(), "hello");
    assert.equal(requests.at(-1)?.headers["x-forwarded-proto"], "https");
    client.close();
  });

  it("is no WebSocket before an API of HTTP/2, which is told of an ordinary request", async (t) => {
    const upstream = createHttp2Server((request, response) => {
      response.writeHead(426);
      response.end(request.headers.upgrade ?? "none");
    });
    const gateway = await startPassingGateway(t, await listening(t, upstream));
    const raw = await openRaw(t, gateway.address.port);
    raw.write(rawRequest("GET", "/", { headers: { connection: "upgrade", upgrade: "websocket" } }));
    const { status, text } = await raw.answer();
    assert.deepEqual([status, text], [426, "none"]);
  });

  it("says that the API is away", async (t) => {
    for (const http of ["auto", "1.1"] as const) {
      const gateway = await startPassingGateway(t, 1, { http });
      const raw = await openRaw(t, gateway.address.port);
      raw.write(rawRequest("GET", "/", { headers: { connection: "upgrade", upgrade: "websocket" } }));
      assert.equal((await raw.answer()).status, 503);
    }
  });
});

describe("a tunnel through a gateway", () => {
  const suite = forSuite();
  let gateway: Gateway;
  let upstreamPort: number;
  let onTunnel: (socket: Socket, request: IncomingMessage, head: Buffer) => void;
  const ordinary: IncomingMessage[] = [];
  before(async () => {
    const upstream = createServer(
      { shouldUpgradeCallback: ({ headers }) => headers.upgrade !== undefined },
      (request, response) => {
        ordinary.push(request);
        let size = 0;
        request.on("data", (chunk: Buffer) => (size += chunk.byteLength));
        request.on("end", () => response.end(`ordinary ${size}`));
      },
    );
    upstream.on("upgrade", (request, socket: Socket, head) => {
      socket.on("error", () => undefined);
      cleanUp(suite, () => socket.destroy());
      onTunnel(socket, request, head);
    });
    upstreamPort = await listening(suite, upstream);
    gateway = await startPassingGateway(suite, upstreamPort);
  });
  const accept = (socket: Socket, upgrade = "raw"): void =>
    void socket.write(`HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: ${upgrade}\r\nX-Mine: 1\r\n\r\n`);

  it("carries what either side sends at once, and lets each side end its own direction", async (t) => {
    let received = "";
    let ended = false;
    onTunnel = (socket, _request, head) => {
      socket.allowHalfOpen = true;
      accept(socket);
      socket.write("first");
      received += head.toString();
      socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
      socket.on("end", () => {
        ended = true;
        socket.write(" and last");
        socket.end();
      });
    };
    const raw = await openRaw(t, gateway.address.port);
    raw.socket.allowHalfOpen = true;
    raw.write(`${rawRequest("GET", "/t", { headers: UPGRADE })}early`);
    await eventually("the tunnel is there", () => raw.rest().endsWith("first"));
    assert.match(
      raw.rest(),
      /^HTTP\/1\.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: raw\r\nx-mine: 1\r\n\r\nfirst$/i,
    );
    raw.write(" and later");
    raw.socket.end();
    await eventually("the API has the end", () => ended);
    await raw.closed();
    assert.equal(received, "early and later");
    assert.match(raw.rest(), /first and last$/);
  });

  it("holds a side back whose other side does not read", async (t) => {
    let written = 0;
    onTunnel = (socket) => {
      accept(socket);
      const write = (): void => {
        while (written < 200 * MIB) {
          written += 64 * 1024;
          if (!socket.write(Buffer.alloc(64 * 1024))) return;
        }
      };
      socket.on("drain", write);
      write();
    };
    const slow = connect(gateway.address.port, "127.0.0.1");
    cleanUp(t, () => slow.destroy());
    slow.write(rawRequest("GET", "/", { headers: UPGRADE }));
    let last = -1;
    await eventually("the writer stands still", async () => {
      if (written > 0 && written === last) return true;
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return false;
    });
    assert.ok(written < 30 * MIB, `${written} bytes were taken`);
  });

  it("is not opened to a protocol that was not asked for", async (t) => {
    onTunnel = (socket) => accept(socket, "h2c");
    const raw = await openRaw(t, gateway.address.port);
    raw.write(rawRequest("GET", "/", { headers: UPGRADE }));
    assert.equal((await raw.answer()).status, 502);
  });

  const ignored: readonly {
    readonly name: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
  }[] = [
    {
      name: "HTTP/2",
      headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" },
    },
    { name: "HTTP/2, with a body", headers: { connection: "Upgrade", upgrade: "h2c" }, body: "0123456789" },
    { name: "TLS", headers: { connection: "Upgrade", upgrade: "TLS/1.2, HTTP/1.1" } },
    { name: "anything, with a body", headers: UPGRADE, body: "0123456789" },
    { name: "what Connection does not name", headers: { upgrade: "raw" } },
  ];
  for (const { name, headers, body } of ignored) {
    it(`is no answer to an upgrade to ${name}, which passes as an ordinary request`, async (t) => {
      onTunnel = (socket) => socket.destroy();
      const raw = await openRaw(t, gateway.address.port);
      raw.write(rawRequest("POST", "/", { headers, ...(body !== undefined && { body }) }));
      const { status, text } = await raw.answer();
      assert.deepEqual([status, text], [200, `ordinary ${body?.length ?? 0}`]);
      const seen = ordinary.at(-1)?.headers;
      assert.deepEqual([seen?.upgrade, seen?.["http2-settings"]], [undefined, undefined]);
    });
  }

  it("ends when the gateway is drained, after the time limit", async (t) => {
    const draining = await startPassingGateway(t, upstreamPort);
    let isOver = false;
    onTunnel = (socket) => {
      accept(socket);
      socket.resume().on("end", () => (isOver = true));
    };
    const raw = await openRaw(t, draining.address.port);
    raw.write(rawRequest("GET", "/", { headers: UPGRADE }));
    await eventually("the tunnel is there", () => raw.rest().includes("101"));
    const begun = performance.now();
    assert.equal(await draining.drain(300), false);
    assert.ok(performance.now() - begun >= 290);
    await raw.closed();
    await eventually("the API hears of it", () => isOver);
  });

  it("does not lead past the hooks", async (t) => {
    const execution = {
      condition: parseConditionId("request/shop.v1.Shop") ?? assert.fail(),
      entries: [{ target: "1" }],
    };
    const target = {
      id: "1",
      name: "t",
      type: "call",
      endpoint: "http://127.0.0.1:1",
      timeoutMs: 1_000,
      interruptOnError: true,
      dialect: "v2",
    } as const;
    const snapshot: Snapshot = compileSnapshot({
      revision: 1n,
      targets: new Map([["1", target]]),
      executions: executionsById([execution]),
    });
    const descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
    const hooked = await startPassingGateway(
      t,
      upstreamPort,
      {},
      { descriptors: () => descriptors, snapshot: () => snapshot },
    );
    let tunnels = 0;
    onTunnel = (socket) => {
      tunnels++;
      accept(socket);
    };
    const before = ordinary.length;
    for (const path of [
      "/shop.v1.Shop/Order",
      "/shop.v1.Shop/Ord%65r?a=1",
      "http://elsewhere/shop.v1.Shop/Order",
      "/v1/orders",
    ]) {
      const raw = await openRaw(t, hooked.address.port);
      raw.write(rawRequest("POST", path, { headers: UPGRADE }));
      const { status } = await raw.answer();
      assert.ok(status >= 400, `${path}: ${status}`);
    }
    assert.deepEqual([tunnels, ordinary.length], [0, before]);
    const raw = await openRaw(t, hooked.address.port);
    raw.write(rawRequest("POST", "/other", { headers: UPGRADE }));
    await eventually("others are opened", () => tunnels === 1);
  });
});
