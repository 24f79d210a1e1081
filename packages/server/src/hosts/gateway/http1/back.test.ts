import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { createServer as createNetServer, type AddressInfo, type Socket } from "node:net";
import { before, describe, it } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Client as GrpcClient, credentials } from "@grpc/grpc-js";
import { Health, HealthCheckResponse_ServingStatus } from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import { cleanUp, forSuite, type Cleanup } from "../../../../test/harness/cleanup.ts";
import { eventually } from "../../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../../test/harness/gateway.ts";

const MIB = 1024 * 1024;

/** What a client of either version has of an answer. */
interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: IncomingHttpHeaders;
  /** Status and fields of each interim response. */
  readonly interim: readonly (readonly [number, IncomingHttpHeaders])[];
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
}

type Ask = (asked: Asked) => Promise<Answer>;

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

function http1Client(port: number): Ask {
  return async ({ method = "GET", path = "/", headers = {}, body, trailers }) => {
    const request = httpRequest({ port, method, path, headers });
    const interim: [number, IncomingHttpHeaders][] = [];
    request.on("information", (event) => interim.push([event.statusCode, event.headers]));
    if (trailers) request.addTrailers(trailers);
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const text = await textOf(response);
    return { status: response.statusCode ?? 0, headers: response.headers, text, trailers: response.trailers, interim };
  };
}

function http2Client(session: ClientHttp2Session): Ask {
  return async ({ method = "GET", path = "/", headers = {}, body, trailers }) => {
    const stream = session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined && !trailers, waitForTrailers: trailers !== undefined },
    );
    if (trailers) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    const interim: [number, IncomingHttpHeaders][] = [];
    let received: IncomingHttpHeaders = {};
    stream.on("headers", (fields) => interim.push([Number(fields[":status"]), fields]));
    stream.on("trailers", (fields) => (received = fields));
    if (body !== undefined || trailers) stream.end(body);
    const [answered] = (await once(stream, "response")) as [IncomingHttpHeaders];
    const text = await textOf(stream);
    return { status: Number(answered[":status"]), headers: answered, text, trailers: received, interim };
  };
}

async function listening(t: Cleanup, server: Server | ReturnType<typeof createNetServer>, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("a gateway before an API that speaks HTTP/1.1 alone", () => {
  const suite = forSuite();
  let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  const clients: Record<string, Ask> = {};
  let session: ClientHttp2Session;
  let gatewayPort: number;
  let connections = 0;

  before(async () => {
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.on("error", () => undefined);
      if (request.headers["x-early"] !== undefined) answer(request, response, "");
      else answer(request, response, await textOf(request).catch(() => "broken off"));
    };
    const upstream = createServer((request, response) => void take(request, response));
    upstream.on("checkContinue", (request, response) => {
      if (request.headers["x-refuse"] !== undefined) response.writeHead(417, { connection: "close" }).end("no");
      else {
        response.writeContinue();
        void take(request, response);
      }
    });
    upstream.on("connection", () => connections++);
    const gateway = await startPassingGateway(suite, await listening(suite, upstream));
    gatewayPort = gateway.address.port;
    session = connectHttp2(`http://127.0.0.1:${gatewayPort}`);
    cleanUp(suite, () => session.destroy());
    clients["HTTP/1.1"] = http1Client(gatewayPort);
    clients["HTTP/2"] = http2Client(session);
  });

  for (const version of ["HTTP/1.1", "HTTP/2"]) {
    const ask: Ask = (asked) => clients[version]?.(asked) ?? assert.fail();

    it(`passes a request and its answer to a client of ${version}, without what belongs to one connection`, async () => {
      const requests: IncomingMessage[] = [];
      answer = (request, response, body) => {
        requests.push(request);
        const own = ["connection", "x-own", "x-own", "1", "keep-alive", "timeout=5"];
        response.writeHead(201, [...own, "set-cookie", "a=1", "set-cookie", "b=2", "x-other", "2"]);
        response.end(`got ${body}`);
      };
      const { status, headers, text } = await ask({
        method: "PUT",
        path: "/things?a=%20",
        headers: { "x-mine": "1", "x-forwarded-for": "10.1.1.1" },
        body: "hello",
      });
      assert.deepEqual([status, text, headers["x-other"]], [201, "got hello", "2"]);
      assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);
      assert.equal(headers["x-own"], undefined);
      const seen = requests[0] ?? assert.fail();
      assert.deepEqual([seen.method, seen.url, seen.headers["x-mine"]], ["PUT", "/things?a=%20", "1"]);
      assert.equal(seen.headers.host, version === "HTTP/2" ? `127.0.0.1:${gatewayPort}` : `localhost:${gatewayPort}`);
      assert.equal(seen.headers["x-forwarded-for"], "10.1.1.1, 127.0.0.1");
      assert.equal(seen.headers["x-forwarded-proto"], "http");
    });

    it(`frames what has no body as such, for a client of ${version}`, async () => {
      let seen: IncomingHttpHeaders = {};
      answer = (request, response) => {
        seen = request.headers;
        response.end();
      };
      await ask({ method: "GET" });
      assert.deepEqual([seen["transfer-encoding"], seen["content-length"]], [undefined, undefined]);
      await ask({ method: "DELETE" });
      assert.deepEqual([seen["transfer-encoding"], seen["content-length"]], [undefined, undefined]);
      await ask({ method: "POST", headers: { "content-length": "0" } });
      assert.deepEqual([seen["transfer-encoding"], seen["content-length"]], [undefined, "0"]);
    });

    it(`passes trailers both ways to a client of ${version}`, async () => {
      const seen: IncomingHttpHeaders = {};
      answer = (request, response, body) => {
        Object.assign(seen, request.trailers);
        response.writeHead(200, { trailer: "grpc-status" });
        response.write(body);
        response.addTrailers({ "grpc-status": "0", "x-sum": "2" });
        response.end();
      };
      const headers = version === "HTTP/2" ? { te: "trailers" } : { "transfer-encoding": "chunked" };
      const { text, trailers } = await ask({ method: "POST", headers, body: "up", trailers: { "x-up": "1" } });
      assert.deepEqual([text, trailers["grpc-status"], trailers["x-sum"], seen["x-up"]], ["up", "0", "2", "1"]);
    });

    it(`passes answers that have no body, to a client of ${version}`, async () => {
      answer = (request, response) => {
        const status = Number(request.url?.slice(1));
        response.writeHead(status, status === 204 ? {} : { "content-length": "5", etag: '"1"' }).end();
      };
      const head = await ask({ method: "HEAD", path: "/200" });
      assert.deepEqual([head.status, head.headers["content-length"], head.text], [200, "5", ""]);
      const same = await ask({ path: "/304" });
      assert.deepEqual([same.status, same.headers["content-length"], same.text], [304, "5", ""]);
      const none = await ask({ path: "/204" });
      assert.deepEqual([none.status, none.text], [204, ""]);
    });

    it(`passes interim responses to a client of ${version}`, async () => {
      answer = (_request, response) => {
        response.writeEarlyHints({ link: "</a.css>; rel=preload", "x-hint": "1" });
        response.writeProcessing();
        response.end("done");
      };
      const { interim, text } = await ask({});
      assert.deepEqual(
        interim.map(([status]) => status),
        [103, 102],
      );
      const [, hints] = interim[0] ?? assert.fail();
      assert.equal(hints.link, "</a.css>; rel=preload");
      assert.equal(hints["x-hint"], "1");
      assert.equal(text, "done");
    });

    it(`carries large bodies both ways for a client of ${version}`, async () => {
      answer = (_request, response, body) => void response.end(Buffer.from(body, "latin1"));
      const body = Buffer.alloc(20 * MIB, "0123456789abcde");
      const { text } = await ask({ method: "POST", body });
      assert.ok(Buffer.from(text, "latin1").equals(body));
    });

    it(`tells a client of ${version} that an answer broke off`, async () => {
      answer = (_request, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        setTimeout(() => response.destroy(), 20);
      };
      await assert.rejects(ask({}));
      answer = (_request, response) => {
        response.write("half");
        setTimeout(() => response.destroy(), 20);
      };
      await assert.rejects(ask({}));
    });

    it(`answers a client of ${version} when the API breaks off before it answers`, async () => {
      answer = (_request, response) => void response.destroy();
      assert.equal((await ask({ method: "POST", body: "x" })).status, 503);
      answer = (_request, response) => void response.end("well");
      assert.equal((await ask({})).text, "well", "and goes on");
    });

    it(`lets the API answer before the body of a client of ${version} is there`, async () => {
      answer = (request, response) => {
        response.flushHeaders();
        request.pipe(response);
      };
      if (version === "HTTP/2") {
        const stream = session.request({ ":method": "POST", ":path": "/", "x-early": "1" });
        await once(stream, "response");
        stream.write("ping");
        const [echoed] = (await once(stream, "data")) as [Buffer];
        assert.equal(echoed.toString(), "ping");
        stream.end();
        await once(stream, "end");
      } else {
        const request = httpRequest({ port: gatewayPort, method: "POST", headers: { "x-early": "1" } });
        request.flushHeaders();
        const [response] = (await once(request, "response")) as [IncomingMessage];
        request.write("ping");
        const [echoed] = (await once(response, "data")) as [Buffer];
        assert.equal(echoed.toString(), "ping");
        request.end();
        response.resume();
        await once(response, "end");
      }
    });

    it(`tells the API that a client of ${version} has gone`, async () => {
      let closed = 0;
      answer = (_request, response) => {
        response.on("close", () => closed++);
        response.write("x");
      };
      if (version === "HTTP/2") {
        const stream = session.request({ ":path": "/" });
        await once(stream, "data");
        stream.close(8);
      } else {
        const request = httpRequest({ port: gatewayPort }).end();
        await once(request, "response");
        request.on("error", () => undefined);
        request.destroy();
      }
      await eventually("the answer is over", () => closed === 1);
    });

    it(`holds back an API whose client of ${version} does not read, and no other`, async () => {
      let written = 0;
      answer = (_request, response) => {
        const write = (): void => {
          while (written < 200 * MIB) {
            written += 64 * 1024;
            if (!response.write(Buffer.alloc(64 * 1024))) return;
          }
        };
        response.on("drain", write);
        write();
      };
      const slow = version === "HTTP/2" ? session.request({ ":path": "/" }) : httpRequest({ port: gatewayPort }).end();
      slow.on("error", () => undefined);
      // Node throws an answer away that nobody listens for.
      slow.on("response", () => undefined);
      let last = -1;
      await eventually("the writer stands still", async () => {
        if (written > 0 && written === last) return true;
        last = written;
        await new Promise((resolve) => setTimeout(resolve, 300));
        return false;
      });
      assert.ok(written < 30 * MIB, `${written} bytes were taken`);
      answer = (_request, response) => void response.end("quick");
      assert.equal((await ask({})).text, "quick");
      slow.destroy();
    });

    it(`holds back a client of ${version} whose API does not read`, async () => {
      let read: IncomingMessage | undefined;
      answer = (request) => (read = request);
      const chunk = Buffer.alloc(64 * 1024);
      const up =
        version === "HTTP/2"
          ? session.request({ ":method": "POST", ":path": "/", "x-early": "1" })
          : httpRequest({ port: gatewayPort, method: "POST", headers: { "x-early": "1" } });
      up.on("error", () => undefined);
      let taken = 0;
      const write = (): void => {
        while (taken < 200 * MIB) {
          taken += chunk.byteLength;
          if (!up.write(chunk)) return;
        }
      };
      up.on("drain", write);
      write();
      let last = -1;
      await eventually("the client stands still", async () => {
        if (read && taken === last) return true;
        last = taken;
        await new Promise((resolve) => setTimeout(resolve, 300));
        return false;
      });
      assert.ok(taken < 30 * MIB, `${taken} bytes were taken`);
      up.destroy();
      read?.on("error", () => undefined).resume();
      await eventually("the API hears of it", () => read?.destroyed);
    });

    it(`has the API say whether a client of ${version} shall send its body`, async () => {
      answer = (_request, response, body) => void response.end(body);
      const headers = { expect: "100-continue", "content-length": "4" };
      const send = async (more: Record<string, string>): Promise<[number, string]> => {
        if (version === "HTTP/2") {
          const stream = session.request({ ":method": "POST", ":path": "/", ...headers, ...more });
          stream.on("error", () => undefined);
          stream.once("continue", () => stream.end("body"));
          const [answered] = (await once(stream, "response")) as [IncomingHttpHeaders];
          return [Number(answered[":status"]), await textOf(stream)];
        }
        const request = httpRequest({ port: gatewayPort, method: "POST", headers: { ...headers, ...more } });
        request.on("error", () => undefined);
        request.once("continue", () => request.end("body"));
        request.flushHeaders();
        const [response] = (await once(request, "response")) as [IncomingMessage];
        return [response.statusCode ?? 0, await textOf(response)];
      };
      assert.deepEqual(await send({}), [200, "body"]);
      assert.deepEqual(await send({ "x-refuse": "1" }), [417, "no"]);
    });
  }

  const ask2: Ask = (asked) => clients["HTTP/2"]?.(asked) ?? assert.fail();

  it("joins cookies that HTTP/2 has cut", async () => {
    let seen: string | undefined;
    answer = (request, response) => {
      seen = request.headers.cookie;
      response.end();
    };
    await ask2({ headers: { cookie: ["a=1", "b=2"] } });
    assert.equal(seen, "a=1; b=2");
  });

  it("uses connections again", async () => {
    answer = (_request, response) => void response.end();
    await ask2({});
    const before = connections;
    for (let i = 0; i < 20; i++) await ask2({ method: "POST", body: "x" });
    assert.ok(connections - before <= 1, `${connections - before} connections more`);
  });

  it("carries many calls at once", async () => {
    answer = (_request, response, body) => void setTimeout(() => response.end(body), 5);
    const texts = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => (await ask2({ method: "POST", body: `${i}` })).text),
    );
    assert.deepEqual(
      texts,
      Array.from({ length: 200 }, (_, i) => `${i}`),
    );
  });

  const hostile: readonly { readonly name: string; readonly headers: Record<string, string> }[] = [
    { name: "a path that is a whole URL", headers: { ":path": "http://elsewhere/" } },
    { name: "a path without its slash", headers: { ":path": "things" } },
    { name: "a path with a space in it", headers: { ":path": "/a HTTP/1.1" } },
    { name: "a method in lower case", headers: { ":method": "get" } },
    { name: "a value that HTTP/1.1 does not have", headers: { "x-odd": "a\u0001b" } },
  ];
  for (const { name, headers } of hostile) {
    it(`does not hand on ${name}`, async () => {
      let called = false;
      answer = (_request, response) => {
        called = true;
        response.end();
      };
      const asked = await ask2({ headers }).catch((error: unknown) => error);
      assert.ok(asked instanceof Error || (asked as Answer).status === 400, JSON.stringify(asked));
      assert.equal(called, false);
    });
  }
});

/** A server that is told each connection's bytes. */
async function startRaw(t: Cleanup, onText: (socket: Socket, text: string) => void, port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => onText(socket, chunk.toString("latin1")));
  });
  cleanUp(t, () => {
    for (const socket of sockets) socket.destroy();
  });
  return listening(t, server, port);
}

describe("an API that answers anything", () => {
  it("ends no call but its own, and never the gateway", async (t) => {
    const whole = Buffer.from(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\nX-A: b\r\n\r\n" +
        "5\r\nhello\r\n3;a=b\r\nyou\r\n0\r\nX-Sum: 8\r\n\r\n",
    );
    let answerOf = (): Buffer => whole;
    const port = await startRaw(t, (socket, text) => {
      if (text.startsWith("GET")) socket.end(answerOf());
    });
    const gateway = await startPassingGateway(t, port, { http: "1.1" });
    const session = connectHttp2(`http://127.0.0.1:${gateway.address.port}`);
    cleanUp(t, () => session.destroy());
    const clients = [http1Client(gateway.address.port), http2Client(session)];
    const check = async (): Promise<void> => {
      answerOf = () => whole;
      for (const ask of clients) {
        const { text, trailers } = await ask({});
        assert.deepEqual([text, trailers["x-sum"]], ["helloyou", "8"]);
      }
    };
    // The same numbers each time.
    let seed = 7;
    const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(whole);
      for (let n = next(4); n >= 0; n--) bytes[next(bytes.byteLength)] = next(3) === 0 ? next(256) : 0x0a + next(0x40);
      answerOf = () => bytes.subarray(0, next(3) === 0 ? next(bytes.byteLength) : undefined);
      const ask = clients[i % 2] ?? assert.fail();
      await Promise.race([ask({}), new Promise((resolve) => setTimeout(resolve, 100))]).catch(() => undefined);
      if (i % 50 === 0) await check();
    }
    await check();
  });
});

describe("RPCs to an API that speaks HTTP/1.1 alone", () => {
  const suite = forSuite();
  let upstream: number;
  let gateway: number;
  before(async () => {
    const handler = connectNodeAdapter({
      routes: (router) =>
        router.service(Health, {
          check: ({ service }, { responseTrailer, requestHeader }) => {
            if (service === "bad") throw new ConnectError("no such thing", Code.FailedPrecondition);
            responseTrailer.set("x-mine", requestHeader.get("x-mine") ?? "");
            return { status: HealthCheckResponse_ServingStatus.SERVING };
          },
          async *watch() {
            const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
            for (const status of [SERVING, NOT_SERVING, SERVICE_UNKNOWN]) {
              yield { status };
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          },
        }),
    });
    upstream = await listening(suite, createServer(handler));
    gateway = (await startPassingGateway(suite, upstream)).address.port;
  });

  const protocols = { gRPC: createGrpcTransport, "gRPC-Web": createGrpcWebTransport, Connect: createConnectTransport };
  for (const [name, create] of Object.entries(protocols)) {
    for (const httpVersion of ["1.1", "2"] as const) {
      it(`pass in ${name} over HTTP/${httpVersion}, unary and streaming, with trailers and errors`, async () => {
        const transport = create({ baseUrl: `http://127.0.0.1:${gateway}`, httpVersion });
        const client = createClient(Health, transport);
        let mine: string | null = null;
        const onTrailer = (trailer: Headers): void => void (mine = trailer.get("x-mine"));
        const { status } = await client.check({}, { headers: { "x-mine": "1" }, onTrailer });
        assert.deepEqual([status, mine], [HealthCheckResponse_ServingStatus.SERVING, "1"]);
        const seen: number[] = [];
        for await (const answer of client.watch({})) seen.push(answer.status);
        assert.deepEqual(seen, [1, 2, 3]);
        await assert.rejects(client.check({ service: "bad" }), { code: Code.FailedPrecondition });
      });
    }
  }

  it("pass in gRPC of grpc-js", async (t) => {
    const client = new GrpcClient(`127.0.0.1:${gateway}`, credentials.createInsecure());
    cleanUp(t, () => client.close());
    const bytes = (message: Buffer): Buffer => message;
    const call = (): Promise<Buffer | undefined> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest("/grpc.health.v1.Health/Check", bytes, bytes, Buffer.alloc(0), (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
      });
    assert.deepEqual(await call(), Buffer.from([8, 1]));
    const missing = new Promise((resolve, reject) => {
      client.makeUnaryRequest("/no.such/Method", bytes, bytes, Buffer.alloc(0), (error) =>
        error ? reject(error) : resolve(undefined),
      );
    });
    await assert.rejects(missing, { code: 12 });
  });
});

describe("finding out what an API speaks", () => {
  it("passes bodies that end with their connection", async (t) => {
    const port = await startRaw(t, (socket, text) => {
      if (text.startsWith("PRI")) socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      else socket.end("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold");
    });
    const gateway = await startPassingGateway(t, port);
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`http://127.0.0.1:${gateway.address.port}`);
      assert.deepEqual([response.status, await response.text()], [200, "old"]);
    }
  });

  const ways: readonly { readonly name: string; readonly refuse: (socket: Socket) => void }[] = [
    { name: "closes the connection", refuse: (socket) => socket.end() },
    { name: "resets the connection", refuse: (socket) => socket.resetAndDestroy() },
    {
      name: "answers without closing",
      refuse: (socket) => socket.write("HTTP/1.1 505 No\r\ncontent-length: 0\r\n\r\n"),
    },
    {
      name: "answers in pieces",
      refuse: (socket) => (socket.write("HT"), setTimeout(() => socket.end("TP/1.1 400 No\r\n\r\n"), 20)),
    },
    { name: "answers something else", refuse: (socket) => socket.write("what do you want?\n") },
  ];
  for (const { name, refuse } of ways) {
    it(`loses no call where an API ${name} when it is spoken to in HTTP/2, and does so once`, async (t) => {
      let tries = 0;
      const port = await startRaw(t, (socket, text) => {
        if (text.startsWith("PRI")) {
          tries++;
          refuse(socket);
        } else if (text.startsWith("GET")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
      const gateway = await startPassingGateway(t, port);
      const url = `http://127.0.0.1:${gateway.address.port}`;
      const texts = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()));
      assert.deepEqual(texts, Array<string>(20).fill("ok"));
      assert.equal(await (await fetch(url)).text(), "ok");
      assert.equal(tries, 1);
    });
  }

  it("repeats a request without consequences that meets a connection which was just closed, and no other", async (t) => {
    const asked: string[] = [];
    const port = await startRaw(t, (socket, text) => {
      const [line = ""] = text.split("\r\n");
      if (text.startsWith("PRI")) {
        socket.end();
        return;
      }
      asked.push(line);
      // The second request on a connection is met by its end.
      const count = (socket as Socket & { count?: number }).count ?? 0;
      Object.assign(socket, { count: count + 1 });
      if (count === 1) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const gateway = await startPassingGateway(t, port);
    const url = `http://127.0.0.1:${gateway.address.port}/`;
    assert.equal((await fetch(url)).status, 200);
    assert.equal((await fetch(url)).status, 200);
    assert.equal((await fetch(url, { method: "POST" })).status, 503);
    assert.deepEqual(asked, ["GET / HTTP/1.1", "GET / HTTP/1.1", "GET / HTTP/1.1", "POST / HTTP/1.1"]);
  });

  it("is quick to say that an API is away, and finds one of either version in its place", async (t) => {
    const { createServer: createHttp2Server } = await import("node:http2");
    const first = createServer((_request, response) => void response.end("one"));
    const port = await listening(t, first);
    const gateway = await startPassingGateway(t, port);
    const url = `http://127.0.0.1:${gateway.address.port}`;
    assert.equal(await (await fetch(url)).text(), "one");
    first.close();
    first.closeAllConnections();
    const begun = performance.now();
    assert.equal((await fetch(url)).status, 503);
    assert.ok(performance.now() - begun < 1_000);
    const second = createHttp2Server();
    second.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("two");
    });
    second.listen(port, "127.0.0.1");
    await once(second, "listening");
    const sessions: { destroy(): void }[] = [];
    second.on("session", (each) => sessions.push(each));
    assert.equal(await (await fetch(url)).text(), "two");
    second.close();
    for (const each of sessions) each.destroy();
    await eventually("the API is missed", async () => (await fetch(url)).status === 503);
    await listening(
      t,
      createServer((_request, response) => void response.end("three")),
      port,
    );
    assert.equal(await (await fetch(url)).text(), "three");
  });

  it("speaks the version that it is told to", async (t) => {
    let seen = "";
    const port = await startRaw(t, (socket, text) => {
      seen ||= text.slice(0, 3);
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const old = await startPassingGateway(t, port, { http: "1.1" });
    assert.equal(await (await fetch(`http://127.0.0.1:${old.address.port}`)).text(), "ok");
    assert.equal(seen, "GET");
    const young = await startPassingGateway(t, port, { http: "2" });
    assert.equal((await fetch(`http://127.0.0.1:${young.address.port}`)).status, 503);
  });
});
