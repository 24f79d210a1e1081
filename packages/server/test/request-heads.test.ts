import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { methodName } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { openRaw, rawRequest, type RawAnswer } from "./harness/raw-http.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { assertRefusal } from "./harness/status.ts";

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
const SEARCH = "/v3alpha/targets/search";
const FUNCTIONS = "/v3alpha/executions/functions";
const RPC = methodName("ListTargets");

/** What comes before a body, written as no client library would. */
describe("the head of a request", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  /** Writes one request on a connection of its own, and answers the answer. */
  const exchange = async (t: TestContext, bytes: string): Promise<RawAnswer> => {
    const connection = await openRaw(t, server.port);
    connection.write(bytes);
    return connection.answer();
  };

  for (const host of ["[", "a b", "a:99999", "%", "a/b", "user@a"]) {
    it(`refuses the host ${JSON.stringify(host)}`, async (t) => {
      for (const path of ["/healthz", FUNCTIONS]) {
        const answer = await exchange(t, rawRequest("GET", path, { headers: { ...AUTHORIZED, host } }));
        assertRefusal(answer, { status: 400, code: 3, reason: "BAD_REQUEST", says: /^The host ".*" is none\./ });
      }
      const headers = { ...AUTHORIZED, host, "content-type": "application/json" };
      const rpc = await exchange(t, rawRequest("POST", RPC, { headers, body: "{}" }));
      assert.deepEqual([rpc.status, rpc.body.code], [400, "invalid_argument"]);
    });
  }

  const odd: readonly { name: string; request: string; status: number }[] = [
    {
      name: "the whole URL in place of the path",
      request: rawRequest("GET", `http://some.where${FUNCTIONS}?x`, { headers: AUTHORIZED }),
      status: 200,
    },
    {
      name: "an RPC's whole URL in place of its path",
      request: rawRequest("POST", `http://some.where${RPC}`, {
        headers: { ...AUTHORIZED, "content-type": "application/json" },
        body: "{}",
      }),
      status: 200,
    },
    {
      name: "a whole URL whose host is none",
      request: rawRequest("GET", `http://[${FUNCTIONS}`, { headers: AUTHORIZED }),
      status: 400,
    },
    {
      // Which is that of "/", where the console is.
      name: "a whole URL without a path",
      request: rawRequest("GET", "http://some.where", { headers: AUTHORIZED }),
      status: 200,
    },
    { name: "no host", request: "GET /healthz HTTP/1.1\r\n\r\n", status: 400 },
    { name: "no host in HTTP/1.0", request: "GET /healthz HTTP/1.0\r\n\r\n", status: 200 },
    {
      name: "no host for an RPC in HTTP/1.0",
      request: `POST ${RPC} HTTP/1.0\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\ncontent-type: application/json\r\n\r\n`,
      status: 400,
    },
    {
      name: "an empty host for an RPC",
      request: rawRequest("POST", RPC, {
        headers: { ...AUTHORIZED, host: "", "content-type": "application/json" },
        body: "{}",
      }),
      status: 400,
    },
    { name: "CONNECT", request: rawRequest("CONNECT", "example.com:443"), status: 405 },
    { name: "OPTIONS *", request: rawRequest("OPTIONS", "*", { headers: AUTHORIZED }), status: 404 },
    {
      name: "a wish to upgrade",
      request: rawRequest("GET", "/healthz", { headers: { connection: "upgrade", upgrade: "websocket" } }),
      status: 200,
    },
    {
      name: "a wish to be told to continue",
      request: rawRequest("POST", SEARCH, { headers: { ...AUTHORIZED, expect: "100-continue" }, body: "{}" }),
      status: 200,
    },
    { name: "a version that there is not", request: "GET / HTTP/9.9\r\n\r\n", status: 400 },
    { name: "no HTTP at all", request: "\u0000\u0001\u0002 garbage\r\n\r\n", status: 400 },
    {
      name: "a length and chunks at once",
      request: rawRequest("POST", SEARCH, { headers: { "content-length": "2", "transfer-encoding": "chunked" } }),
      status: 400,
    },
    {
      name: "a length that is none",
      request: rawRequest("POST", SEARCH, { headers: { "content-length": "many" } }),
      status: 400,
    },
    {
      name: "more headers than are read",
      request: rawRequest("GET", FUNCTIONS, { headers: { x: "x".repeat(20_000) } }),
      status: 431,
    },
  ];
  for (const { name, request, status } of odd) {
    it(`answers ${status} to ${name}`, async (t) => {
      const answer = await exchange(t, request);
      assert.equal(answer.status, status, answer.text);
    });
  }

  it("reads a token of many kilobytes", async () => {
    const answer = await server.request("GET", FUNCTIONS, undefined, { token: "x".repeat(12_000) });
    assert.equal(answer.status, 401);
  });
});
