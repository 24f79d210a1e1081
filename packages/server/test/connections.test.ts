import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { openRaw, rawRequest, type RawAnswer } from "./harness/raw-http.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { assertRefusal } from "./harness/status.ts";
import { startTarget } from "./harness/target.ts";

const LIMIT = 100_000;
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
const SEARCH = "/v3alpha/targets/search";
const FUNCTIONS = "/v3alpha/executions/functions";
const RPC = methodName("ListTargets");
const TOO_LARGE = {
  status: 413,
  code: 8,
  reason: "MESSAGE_TOO_LARGE",
  says: /^The body is larger than 100000 bytes\. /,
};

describe("a connection", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_LIMITS_MAX_MESSAGE_BYTES: String(LIMIT) } });
  });

  /** Writes one request on a connection of its own, and answers the answer. */
  const exchange = async (t: TestContext, bytes: string): Promise<RawAnswer> => {
    const connection = await openRaw(t, server.port);
    connection.write(bytes);
    return connection.answer();
  };

  it("is kept for many requests, one after another", async (t) => {
    const connection = await openRaw(t, server.port);
    for (const [path, status] of [
      [FUNCTIONS, 200],
      ["/nothing", 404],
      ["/readyz", 200],
      [FUNCTIONS, 200],
    ] as const) {
      connection.write(rawRequest("GET", path, { headers: AUTHORIZED }));
      assert.equal((await connection.answer()).status, status);
    }
  });

  it("is kept after a refusal whose body nobody read", async (t) => {
    const connection = await openRaw(t, server.port);
    const body = JSON.stringify({ x: "x".repeat(LIMIT / 2) });
    connection.write(rawRequest("POST", "/v3alpha/targets", { body }));
    assert.equal((await connection.answer()).status, 401);
    connection.write(rawRequest("POST", "/nothing", { headers: AUTHORIZED, body }));
    assert.equal((await connection.answer()).status, 404);
    connection.write(rawRequest("GET", FUNCTIONS, { headers: AUTHORIZED }));
    assert.equal((await connection.answer()).status, 200);
  });

  it("answers requests that come all at once in their order", async (t) => {
    const connection = await openRaw(t, server.port);
    const requests = [
      rawRequest("POST", SEARCH, { headers: AUTHORIZED, body: "{}" }),
      rawRequest("GET", "/healthz"),
      rawRequest("HEAD", FUNCTIONS, { headers: AUTHORIZED }),
      rawRequest("POST", RPC, { headers: { ...AUTHORIZED, "content-type": "application/json" }, body: "{" }),
      rawRequest("GET", FUNCTIONS, { headers: AUTHORIZED }),
    ];
    connection.write(requests.join(""));
    assert.ok((await connection.answer()).body.details.timestamp);
    assert.deepEqual((await connection.answer()).body, { status: "up" });
    assert.equal((await connection.answer({ toHead: true })).status, 200);
    assert.equal((await connection.answer()).body.code, "invalid_argument");
    assert.ok((await connection.answer()).body.functions.length > 0);
    assert.equal(connection.rest(), "");
  });

  it("takes a request byte by byte", async (t) => {
    const connection = await openRaw(t, server.port);
    for (const byte of rawRequest("POST", SEARCH, { headers: AUTHORIZED, body: "{}" })) {
      connection.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await connection.answer()).status, 200);
  });

  describe("with a body that is too large", () => {
    const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const head = (headers: Readonly<Record<string, string>>): string =>
      rawRequest("POST", SEARCH, { headers: { ...AUTHORIZED, ...headers } });
    const forms = {
      "that says its length": (body: string) => head({ "content-length": String(body.length) }) + body,
      "that comes in chunks": (body: string) => head({ "transfer-encoding": "chunked" }) + chunked(body),
    };
    for (const [form, request] of Object.entries(forms)) {
      it(`${form} goes on`, async (t) => {
        const connection = await openRaw(t, server.port);
        const blank = (length: number): string => "{}".padEnd(length);
        for (const length of [LIMIT + 1, 10 * LIMIT, 50 * LIMIT]) {
          connection.write(request(blank(length)));
          assertRefusal(await connection.answer(), TOO_LARGE);
          connection.write(request(blank(LIMIT)));
          assert.equal((await connection.answer()).status, 200, "at the limit it is not too large");
        }
      });
    }

    it("is answered before the body has come, and closed when it never ends", async (t) => {
      const connection = await openRaw(t, server.port);
      connection.write(head({ "transfer-encoding": "chunked" }));
      const chunk = Buffer.from(`100000\r\n${" ".repeat(0x100000)}\r\n`);
      connection.write(chunk);
      connection.write(chunk);
      assertRefusal(await connection.answer(), TOO_LARGE);
      let isClosed = false;
      void connection.closed().then(() => (isClosed = true));
      const flood = async (): Promise<boolean> => {
        if (!isClosed) await new Promise((resolve) => connection.socket.write(chunk, resolve));
        return isClosed;
      };
      await eventually("the server hangs up", flood);
    });

    it("does not disturb the other streams of HTTP/2", async (t) => {
      const session = await openHttp2(t, server.url);
      const body = "x".repeat(50 * LIMIT);
      const requests = [
        ...Array.from({ length: 5 }, () => http2Request(session, "POST", SEARCH, { headers: AUTHORIZED, body })),
        http2Request(session, "POST", SEARCH, {
          headers: { ...AUTHORIZED, "content-length": String(body.length) },
          body,
        }),
      ];
      const small = await http2Request(session, "POST", SEARCH, { headers: AUTHORIZED, body: "{}" });
      assert.equal(small.status, 200);
      for (const { status } of await Promise.all(requests)) assert.equal(status, 413);
      for (const type of ["application/json", "application/grpc", "application/grpc-web"]) {
        const headers = { ...AUTHORIZED, "content-type": type };
        const framed =
          type === "application/json"
            ? body
            : Buffer.concat([Buffer.from([0, 0, 0x4c, 0x4b, 0x40]), Buffer.from(body)]);
        const { status } = await http2Request(session, "POST", RPC, { headers, body: framed });
        assert.equal(status, type === "application/json" ? 429 : 200);
      }
      assert.equal((await http2Request(session, "GET", FUNCTIONS, { headers: AUTHORIZED })).status, 200);
    });
  });

  describe("that is slow or broken harms no other:", () => {
    const others = async (t: TestContext): Promise<void> => {
      const started = Date.now();
      assert.equal((await server.request("POST", SEARCH, {})).status, 200);
      assert.equal((await exchange(t, rawRequest("GET", "/readyz"))).status, 200);
      assert.ok(Date.now() - started < 5_000, "at once");
    };
    const half = rawRequest("POST", SEARCH, { headers: { ...AUTHORIZED, "content-length": "1000" } });
    const cases: Readonly<Record<string, string | Buffer>> = {
      "nothing is sent": "",
      "half of a line is sent": "PO",
      "half of a preface of HTTP/2 is sent": "PRI * HTTP/2.0\r\n",
      "half of a head is sent": half.slice(0, 40),
      "half of a body is sent": `${half}{"query":`,
      "half of a chunk is sent":
        rawRequest("POST", SEARCH, { headers: { ...AUTHORIZED, "transfer-encoding": "chunked" } }) + "ff\r\n{",
      "HTTP/2 begins and garbage follows": Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Buffer.alloc(500, 0xff),
      ]),
      "TLS is spoken": Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00]),
    };
    for (const [name, bytes] of Object.entries(cases)) {
      it(name, async (t) => {
        const connections = await Promise.all(Array.from({ length: 20 }, () => openRaw(t, server.port)));
        for (const connection of connections) connection.write(bytes);
        await others(t);
        // One half breaks off, the other one rudely.
        connections.forEach(({ socket }, i) => (i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()));
        await others(t);
      });
    }

    it("streams of HTTP/2 are reset", async (t) => {
      const session = await openHttp2(t, server.url);
      for (const path of [SEARCH, RPC]) {
        for (let i = 0; i < 20; i++) {
          const stream = session.request({
            ":method": "POST",
            ":path": path,
            ...AUTHORIZED,
            "content-type": "application/json",
          });
          stream.on("error", () => undefined);
          stream.write("{");
          stream.close(i % 2 === 0 ? 8 : 2);
        }
      }
      await others(t);
    });

    for (const [version, open] of [
      [
        "HTTP/1.1",
        async (t: TestContext): Promise<() => void> => {
          const connection = await openRaw(t, server.port);
          connection.write(rawRequest("POST", SEARCH, { headers: AUTHORIZED, body: "{}" }));
          return () => connection.socket.destroy();
        },
      ],
      [
        "HTTP/2",
        async (t: TestContext): Promise<() => void> => {
          const session = await openHttp2(t, server.url);
          http2Request(session, "POST", SEARCH, { headers: AUTHORIZED, body: "{}" }).catch(() => undefined);
          return () => session.destroy();
        },
      ],
    ] as const) {
      it(`a client over ${version} goes away during a call, and the target is let go of`, async (t) => {
        const hook = await startTarget(t, "hang");
        const target = await createTarget(server, { endpoint: hook.url, timeout: "60s" });
        await setExecution(server, { request: { method: RPC } }, [target]);
        const leave = await open(t);
        await eventually("the target is called", () => hook.calls.length === 1);
        leave();
        await eventually("the target's caller is gone", () => hook.calls[0]?.isGone());
        const bypass = { headers: { "interpose-bypass": "true" } };
        const removed = await server.request(
          "DELETE",
          "/v3alpha/executions",
          { condition: { request: { method: RPC } } },
          bypass,
        );
        assert.equal(removed.status, 200);
      });
    }

    it("and none of it is a fault of the server's", () => {
      const faults = server
        .stderr()
        .split("\n")
        .filter((line) => /"level":[56]0|"code":"internal"/.test(line));
      assert.deepEqual(faults, []);
    });
  });
});
