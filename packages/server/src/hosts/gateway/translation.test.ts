import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { before, beforeEach, describe, it } from "node:test";
import { toBinary, create } from "@bufbuild/protobuf";
import { compileSnapshot } from "@interpose/engine";
import { cleanUp, forSuite } from "../../../test/harness/cleanup.ts";
import { SHOP_PROTOS } from "../../../test/harness/shop.ts";
import { loadDescriptors } from "./descriptors/index.ts";
import { startGateway } from "./index.ts";
import { createRelaySockets } from "./relay-sockets.ts";
import { Connection } from "./relay/connection.ts";

const NOTHING = compileSnapshot({ revision: 1n, targets: new Map(), executions: new Map() });

/** What a client of a protocol is told at the end, by code, and all of the body. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly code: string;
  readonly message: string;
}

describe("what an API of gRPC says, in other protocols", () => {
  let url: string;
  let breakingUrl: string;
  let seen: IncomingHttpHeaders;
  let answer: (stream: ServerHttp2Stream) => void;
  let response: Buffer;
  /** The code with which the API resets calls in the midst of its answer; Node's server ends it properly before. */
  let breakOff: number | undefined;
  const suite = forSuite();
  before(async () => {
    const upstream = createServer().listen(0, "127.0.0.1");
    const breaking = createBreakingServer(() => [response, breakOff ?? 0]).listen(0, "127.0.0.1");
    const areListening = Promise.all([once(upstream, "listening"), once(breaking, "listening")]);
    cleanUp(suite, () => void breaking.close());
    upstream.on("stream", (stream, headers) => {
      seen = headers;
      stream.on("error", () => undefined);
      stream.resume();
      answer(stream);
    });
    await areListening;
    cleanUp(suite, () => void upstream.close());
    const descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
    const schema = descriptors.registry.getMessage("shop.v1.OrderResponse") ?? assert.fail();
    response = framed(0, Buffer.from(toBinary(schema, create(schema, { text: "tea", total: 2 }))));
    const start = async (server: { address(): unknown }): Promise<string> => {
      const { port } = server.address() as AddressInfo;
      const gateway = await startGateway({
        listen: { host: "127.0.0.1", port: 0 },
        upstream: { url: new URL(`http://127.0.0.1:${port}`), http: "2" },
        descriptors: () => descriptors,
        snapshot: () => NOTHING,
        instanceId: "1",
        onFault: (error) => {
          throw error;
        },
        maxMessageBytes: 100_000,
        speaks: new Set(["grpc"]),
        run: () => Promise.reject(new Error("nothing is hooked")),
      });
      cleanUp(suite, () => gateway.drain(0));
      return `http://127.0.0.1:${gateway.address.port}/shop.v1.Shop/`;
    };
    [url, breakingUrl] = [await start(upstream), await start(breaking)];
  });
  beforeEach(() => {
    breakOff = undefined;
    answer = (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(response);
    };
  });

  async function post(
    method: string,
    type: string,
    body: Buffer,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch((breakOff === undefined ? url : breakingUrl) + method, {
      method: "POST",
      headers: { "content-type": type, ...headers },
      body: new Uint8Array(body),
    });
  }

  /** One call in each protocol; what it is told comes out in the same form. */
  const ways: Readonly<Record<string, () => Promise<Answer>>> = {
    async "Connect, unary"() {
      const given = await post("Order", "application/json", Buffer.from('{"item":"tea"}'));
      const body = Buffer.from(await given.arrayBuffer());
      const { code = "ok", message = "" } = JSON.parse(body.toString()) as { code?: string; message?: string };
      return { status: given.status, headers: given.headers, body, code, message };
    },
    async "Connect, stream"() {
      const given = await post("Watch", "application/connect+json", framed(0, Buffer.from('{"item":"tea"}')));
      const body = Buffer.from(await given.arrayBuffer());
      const { error } = JSON.parse(lastFrame(body, 2).toString()) as { error?: { code: string; message?: string } };
      return {
        status: given.status,
        headers: given.headers,
        body,
        code: error?.code ?? "ok",
        message: error?.message ?? "",
      };
    },
    async "gRPC-Web"() {
      const given = await post("Watch", "application/grpc-web+proto", framed(0, Buffer.alloc(0)));
      return webAnswer(given, Buffer.from(await given.arrayBuffer()));
    },
    async "gRPC-Web in base64"() {
      const sent = framed(0, Buffer.alloc(0)).toString("base64");
      const given = await post("Watch", "application/grpc-web-text", Buffer.from(sent));
      const text = await given.text();
      assert.match(text, /^[A-Za-z0-9+/=]*$/);
      return webAnswer(
        given,
        Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, "base64"))),
      );
    },
  };

  function webAnswer(given: Response, body: Buffer): Answer {
    // An error of the gateway's own comes in the head alone.
    const trailers = new Headers(given.headers);
    if (body.byteLength > 0)
      for (const line of lastFrame(body, 0x80).toString().split("\r\n").filter(Boolean)) {
        const [name = "", value = ""] = line.split(": ", 2);
        trailers.set(name, value);
      }
    const codes = ["ok", "canceled", "unknown", "invalid_argument"];
    codes[7] = "permission_denied";
    codes[8] = "resource_exhausted";
    codes[12] = "unimplemented";
    codes[13] = "internal";
    codes[14] = "unavailable";
    const code = codes[Number(trailers.get("grpc-status"))] ?? String(trailers.get("grpc-status"));
    return {
      status: given.status,
      headers: given.headers,
      body,
      code,
      message: decodeURIComponent(trailers.get("grpc-message") ?? ""),
    };
  }

  for (const [name, call] of Object.entries(ways)) {
    describe(name, () => {
      it("is told a success, and the API sees gRPC", async () => {
        const { code, body } = await call();
        assert.equal(code, "ok");
        assert.ok(body.includes("tea"));
        assert.equal(seen["content-type"], "application/grpc");
        assert.equal(seen.te, "trailers");
        assert.equal(seen[":method"], "POST");
        assert.equal(seen["content-length"], undefined);
      });

      it("is told an error that is the whole answer", async () => {
        answer = (stream) =>
          stream.respond(
            { ":status": 200, "content-type": "application/grpc", "grpc-status": "7", "grpc-message": "no%20tea%21" },
            { endStream: true },
          );
        const { code, message } = await call();
        assert.deepEqual([code, message], ["permission_denied", "no tea!"]);
      });

      for (const [status, code] of [
        [502, "unavailable"],
        [404, "unimplemented"],
        [200, "unknown"],
      ] as const) {
        it(`is told ${code} where a proxy before the API answers with ${status} and a page`, async () => {
          answer = (stream) => {
            stream.respond({ ":status": status, "content-type": "text/html" });
            stream.end("<h1>Sorry</h1>");
          };
          const given = await call();
          assert.equal(given.code, code);
          assert.ok(!given.body.includes("Sorry"));
        });
      }

      it("is told when the API ends without saying how", async () => {
        answer = (stream) => {
          stream.respond({ ":status": 200, "content-type": "application/grpc" });
          stream.end(response);
        };
        assert.equal((await call()).code, "unknown");
      });

      for (const [reset, code] of [
        [constants.NGHTTP2_INTERNAL_ERROR, "internal"],
        [constants.NGHTTP2_CANCEL, "canceled"],
        [constants.NGHTTP2_ENHANCE_YOUR_CALM, "resource_exhausted"],
        [constants.NGHTTP2_INADEQUATE_SECURITY, "permission_denied"],
        [constants.NGHTTP2_REFUSED_STREAM, "unavailable"],
      ] as const) {
        it(`is told ${code} when the API resets the call with ${reset}`, async () => {
          answer = (stream) => stream.close(reset);
          assert.equal((await call()).code, code);
        });

        it(`is told ${code} when the API resets the call with ${reset} after its answer has begun`, async () => {
          breakOff = reset;
          assert.equal((await call()).code, code);
        });
      }

      it("is told when a message of the API cannot be read", async () => {
        answer = (stream) => {
          stream.respond({ ":status": 200, "content-type": "application/grpc" });
          stream.end(Buffer.from([9, 0, 0, 0, 0]));
        };
        assert.equal((await call()).code, "internal");
      });
    });
  }

  it("is told that its time is over where the API finds that out first", async () => {
    breakOff = constants.NGHTTP2_CANCEL;
    const given = await post("Order", "application/json", Buffer.from("{}"), { "connect-timeout-ms": "15" });
    assert.deepEqual([given.status, ((await given.json()) as { code: string }).code], [504, "deadline_exceeded"]);
  });

  it("is told when a unary call has no message, or two", async () => {
    for (const body of [Buffer.alloc(0), Buffer.concat([response, response])]) {
      answer = (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(body);
      };
      assert.equal((await ways["Connect, unary"]?.())?.code, "unimplemented");
    }
  });

  it("refuses what calls no method, and methods that there are not", async () => {
    const wrong = await fetch(`${url}Order`, { method: "PUT", headers: { "content-type": "application/proto" } });
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
    const web = await fetch(`${url}Order`, { method: "PUT", headers: { "content-type": "application/grpc-web" } });
    assert.equal(web.headers.get("grpc-status"), "12");
    const nothing = await post("Nothing", "application/json", Buffer.from("{}"));
    assert.deepEqual([nothing.status, ((await nothing.json()) as { code: string }).code], [404, "unimplemented"]);
  });

  it("refuses bodies that are none", async () => {
    const bad = (type: string, body: string, method = "Order"): Promise<Response> =>
      post(method, type, Buffer.from(body));
    assert.equal((await bad("application/json", '{"item":')).status, 400);
    assert.equal((await bad("application/json", '{"count":"many"}')).status, 400);
    assert.equal((await bad("application/json", "[".repeat(100_000))).status, 400);
    assert.equal((await bad("text/plain", "tea")).status, 415);
    assert.equal((await bad("application/json", "{}", "Watch")).status, 415, "a stream is no unary call");
    assert.equal((await bad("application/grpc-web-text", "no base64!", "Watch")).headers.get("grpc-status"), "3");
    const timeout = await post("Order", "application/json", Buffer.from("{}"), { "connect-timeout-ms": "soon" });
    assert.equal(timeout.status, 400);
    const coding = await post("Order", "application/json", Buffer.from("{}"), { "content-encoding": "snappy" });
    assert.equal(coding.status, 501);
    assert.match(coding.headers.get("accept-encoding") ?? "", /gzip/);
  });
});

/** A server that begins each answer, and resets the stream then. */
function createBreakingServer(next: () => readonly [Buffer, number]): Server {
  const sockets = createRelaySockets((error) => assert.fail(String(error)));
  return createTcpServer((socket) => {
    const connection: Connection<object> = new Connection<object>("server", {
      headers(stream) {
        const [bytes, code] = next();
        const fields = [":status", "200", "content-type", "application/grpc"];
        connection.sendHeaders(stream, { fields, neverIndexed: undefined }, false);
        connection.sendData(stream, bytes, 0, bytes.byteLength, false);
        setTimeout(() => connection.reset(stream, code), 20);
      },
      headersTooLarge: () => undefined,
      data: () => undefined,
      sent: () => undefined,
      reset: () => undefined,
      room: () => undefined,
      goaway: () => undefined,
      output: sockets.output,
    });
    sockets.bind(socket, connection, () => undefined);
  });
}

function framed(flags: number, bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.byteLength, 1);
  return Buffer.concat([prefix, bytes]);
}

/** What the last frame of a body holds, which has to have these flags. */
function lastFrame(body: Buffer, flags: number): Buffer {
  for (let at = 0; at < body.byteLength;) {
    const size = body.readUInt32BE(at + 1);
    if (at + 5 + size === body.byteLength) {
      assert.equal(body[at], flags);
      return body.subarray(at + 5);
    }
    at += 5 + size;
  }
  return assert.fail("there is no last frame");
}
