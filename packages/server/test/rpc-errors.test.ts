import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { before, describe, it } from "node:test";
import { methodName } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const LIMIT = 100_000;
const PATH = methodName("ListTargets");

/** Bad requests over the RPC protocols, as bytes: no client library would send them. */
describe("an RPC that is refused", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_LIMITS_MAX_MESSAGE_BYTES: String(LIMIT) } });
  });

  /** gRPC over HTTP/2: the status, from the trailers or from headers that are all there is. */
  const grpc = async (
    body: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    path = PATH,
  ): Promise<{ readonly code: number; readonly message: string }> => {
    const session = await openHttp2(suite, server.url);
    const answer = await http2Request(session, "POST", path, {
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      },
      body,
    });
    session.close();
    assert.equal(answer.status, 200);
    const trailers = answer.trailers["grpc-status"] === undefined ? answer.headers : answer.trailers;
    return { code: Number(trailers["grpc-status"]), message: decodeURIComponent(String(trailers["grpc-message"])) };
  };
  /** Connect: the HTTP status and the JSON of the error. */
  const connect = async (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
    path = PATH,
  ): Promise<{ readonly status: number; readonly code: string; readonly message: string }> => {
    const answer = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json", ...headers },
      body: typeof body === "string" ? Buffer.from(body) : body,
    });
    assert.equal(answer.headers.get("content-type"), "application/json");
    return { status: answer.status, ...((await answer.json()) as { code: string; message: string }) };
  };

  describe("over gRPC", () => {
    const cases: readonly {
      name: string;
      body: Uint8Array;
      headers?: Record<string, string>;
      path?: string;
      code: number;
      says: RegExp;
    }[] = [
      {
        name: "because there is no such method",
        body: frame(),
        path: methodName("Nothing"),
        code: 12,
        says: /no method/,
      },
      {
        name: "because there is no such service",
        body: frame(),
        path: "/no.such.Service/Method",
        code: 12,
        says: /no method/,
      },
      { name: "because it is larger than the limit", body: frame(new Uint8Array(LIMIT + 1)), code: 8, says: /100000/ },
      {
        name: "because it says that it is larger than it is",
        body: Uint8Array.from([0, 0xff, 0xff, 0xff, 0xff, 0]),
        code: 8,
        says: /100000/,
      },
      {
        name: "because it is larger once it is unpacked",
        body: frame(gzipSync(new Uint8Array(100 * LIMIT)), 1),
        headers: { "grpc-encoding": "gzip" },
        code: 8,
        says: /100000/,
      },
      // gRPC's table of statuses (doc/statuscodes.md) has INTERNAL for a request that cannot be parsed, and UNIMPLEMENTED for a wrong number of messages.
      { name: "because it is no protobuf", body: frame(new Uint8Array(50).fill(255)), code: 13, says: /parse/ },
      {
        name: "because a text in it is not UTF-8",
        body: frame(Uint8Array.from([0x1a, 5, 0x0a, 3, 0x0a, 1, 0xff])),
        code: 13,
        says: /parse/,
      },
      { name: "because there is no message in it", body: new Uint8Array(0), code: 12, says: /missing/ },
      {
        name: "because there are two messages in it",
        body: Buffer.concat([frame(), frame()]),
        code: 12,
        says: /extra/,
      },
      {
        name: "because its frame is cut off",
        body: Uint8Array.from([0, 0, 0, 0, 9, 1]),
        code: 3,
        says: /incomplete|premature|protocol error/,
      },
      {
        name: "because its encoding is unknown",
        body: frame(),
        headers: { "grpc-encoding": "zip" },
        code: 12,
        says: /zip/,
      },
      {
        name: "because its encoding is not what it says",
        body: frame(Uint8Array.from([1, 2, 3]), 1),
        headers: { "grpc-encoding": "gzip" },
        code: 3,
        says: /decompress|header/,
      },
      {
        name: "because its timeout is none",
        body: frame(),
        headers: { "grpc-timeout": "soon" },
        code: 3,
        says: /soon/,
      },
    ];
    for (const { name, body, headers, path, code, says } of cases) {
      it(name, async () => {
        const refused = await grpc(body, headers, path);
        assert.equal(refused.code, code, refused.message);
        assert.match(refused.message, says);
      });
    }

    for (const type of ["application/grpc+thrift", "text/plain", ""]) {
      it(`with 415, because it says that it is "${type}"`, async () => {
        const session = await openHttp2(suite, server.url);
        const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, ...(type && { "content-type": type }) };
        assert.equal((await http2Request(session, "POST", PATH, { headers, body: frame() })).status, 415);
        session.close();
      });
    }
  });

  describe("over Connect", () => {
    const proto = { "content-type": "application/proto" };
    const cases: readonly {
      name: string;
      body: string | Uint8Array<ArrayBuffer>;
      headers?: Record<string, string>;
      path?: string;
      status: number;
      code: string;
      says: RegExp;
    }[] = [
      {
        name: "because there is no such method",
        body: "{}",
        path: methodName("Nothing"),
        status: 501,
        code: "unimplemented",
        says: /no method/,
      },
      { name: "because it is no JSON", body: "{", status: 400, code: "invalid_argument", says: /JSON/ },
      {
        name: "because a field has the wrong type",
        body: '{"queries":5}',
        status: 400,
        code: "invalid_argument",
        says: /queries/,
      },
      {
        name: "because it is larger than the limit",
        body: JSON.stringify({ x: "x".repeat(LIMIT) }),
        status: 429,
        code: "resource_exhausted",
        says: /100000/,
      },
      {
        name: "because it is no protobuf",
        body: new Uint8Array(50).fill(255),
        headers: proto,
        status: 500,
        code: "internal",
        says: /parse/,
      },
      {
        name: "because its encoding is unknown",
        body: "{}",
        headers: { "content-encoding": "zip" },
        status: 501,
        code: "unimplemented",
        says: /zip/,
      },
      {
        name: "because its timeout is none",
        body: "{}",
        headers: { "connect-timeout-ms": "soon" },
        status: 400,
        code: "invalid_argument",
        says: /soon/,
      },
      {
        name: "because a rule of the schema is broken",
        body: '{"queries":[{}]}',
        status: 400,
        code: "invalid_argument",
        says: /queries\[0\]/,
      },
    ];
    for (const { name, body, headers, path, status, code, says } of cases) {
      it(name, async () => {
        const refused = await connect(body, headers, path);
        assert.deepEqual([refused.status, refused.code], [status, code], refused.message);
        assert.match(refused.message, says);
      });
    }
  });

  it("leaves the server ready", async () => {
    assert.equal((await server.request("GET", "/readyz")).status, 200);
    assert.equal((await server.request("POST", PATH, {})).status, 200);
  });
});

function frame(message: Uint8Array = new Uint8Array(0), flags = 0): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(flags);
  header.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([header, message]);
}
