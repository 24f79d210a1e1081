import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, methodName } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { assertRefusal } from "./harness/status.ts";

/** One request in two forms: to what exists, and to what does not. */
interface Pair {
  readonly name: string;
  readonly verb: string;
  readonly exists: string;
  readonly missing: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const RPC = {
  verb: "POST",
  exists: methodName("ListTargets"),
  missing: "/zitadel.action.v3alpha.ActionService/NoSuchMethod",
};

describe("a caller without a valid token", () => {
  let server: TestServer;
  let target: string;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    target = await createTarget(server, { endpoint: "https://example.com" });
  });

  const pairs: readonly Pair[] = [
    { name: "a path", verb: "GET", exists: "/v3alpha/executions/functions", missing: "/v3alpha/executions/nothing" },
    { name: "a path with HEAD", verb: "HEAD", exists: "/v3alpha/executions/functions", missing: "/nothing" },
    { name: "a target", verb: "GET", exists: "/v3alpha/targets/$target", missing: "/v3alpha/targets/404" },
    { name: "a verb", verb: "PUT", exists: "/v3alpha/executions", missing: "/v3alpha/targets" },
    { name: "a verb that nothing has", verb: "PURGE", exists: "/v3alpha/executions", missing: "/nothing" },
    { name: "a malformed path", verb: "GET", exists: "/v3alpha/targets/%zz", missing: "/%zz" },
    { name: "a body that is no JSON", verb: "POST", exists: "/v3alpha/targets", missing: "/nothing", body: "{" },
    {
      name: "a compressed body",
      verb: "POST",
      exists: "/v3alpha/targets",
      missing: "/nothing",
      body: "{}",
      headers: { "content-encoding": "gzip" },
    },
    { name: "an RPC with GET", ...RPC, verb: "GET" },
    { name: "an RPC with PUT", ...RPC, verb: "PUT" },
    { name: "an RPC with text/plain", ...RPC, body: "{}", headers: { "content-type": "text/plain" } },
    { name: "an RPC without a content type", ...RPC, body: "{}" },
    { name: "an RPC over Connect", ...RPC, body: "{}", headers: { "content-type": "application/json" } },
    { name: "an RPC over Connect that is no JSON", ...RPC, body: "{", headers: { "content-type": "application/json" } },
    { name: "an RPC over Connect with protobuf", ...RPC, body: "", headers: { "content-type": "application/proto" } },
    { name: "a stream over Connect", ...RPC, body: "", headers: { "content-type": "application/connect+json" } },
    {
      name: "an RPC over gRPC-Web",
      ...RPC,
      body: new Uint8Array(5),
      headers: { "content-type": "application/grpc-web+proto" },
    },
    {
      name: "an RPC over gRPC-Web as text",
      ...RPC,
      body: "AAAAAAA=",
      headers: { "content-type": "application/grpc-web-text" },
    },
    { name: "an RPC over gRPC", ...RPC, body: new Uint8Array(5), headers: { "content-type": "application/grpc" } },
    {
      name: "an RPC over gRPC with an unknown codec",
      ...RPC,
      body: new Uint8Array(5),
      headers: { "content-type": "application/grpc+thrift" },
    },
    {
      name: "an RPC over gRPC with garbage",
      ...RPC,
      body: new Uint8Array(50).fill(255),
      headers: { "content-type": "application/grpc" },
    },
    {
      name: "a service",
      ...RPC,
      missing: "/no.such.Service/ListTargets",
      body: "{}",
      headers: { "content-type": "application/json" },
    },
  ];
  const tokens = {
    "no token": {},
    "a token that is none": { authorization: "Bearer nothing" },
    "another scheme": { authorization: "Basic YTpi" },
  };

  for (const { name, verb, exists, missing, headers = {}, body } of pairs) {
    it(`is told the same of ${name}, whether it exists or not`, async () => {
      for (const [kind, credentials] of Object.entries(tokens)) {
        const tell = async (path: string): Promise<unknown> => {
          const answer = await fetch(`${server.url}${path.replace("$target", target)}`, {
            method: verb,
            headers: { ...headers, ...credentials },
            ...(body !== undefined && { body: typeof body === "string" ? Buffer.from(body) : body }),
          });
          const { date, ...others } = Object.fromEntries(answer.headers);
          assert.ok(date !== undefined);
          return {
            status: answer.status,
            headers: others,
            body: Buffer.from(await answer.arrayBuffer()).toString("latin1"),
          };
        };
        const told = await tell(exists);
        assert.deepEqual(told, await tell(missing), kind);
        assert.match(JSON.stringify(told), /"www-authenticate":"Bearer"/, kind);
      }
    });
  }

  it("gets 401 over REST", async () => {
    const answer = await server.request("GET", "/v3alpha/executions/functions", undefined, { token: null });
    const says = /^There is no token\. Send the header "Authorization: Bearer TOKEN"\.$/;
    assertRefusal(answer, { status: 401, code: 16, reason: "UNAUTHENTICATED", says });
    const wrong = await server.request("GET", "/v3alpha/executions/functions", undefined, { token: "nothing" });
    assertRefusal(wrong, { status: 401, code: 16, reason: "UNAUTHENTICATED", says: /^The token is not valid/ });
  });

  it("gets UNAUTHENTICATED over gRPC, in the one frame that gRPC calls Trailers-Only", async () => {
    const session = await openHttp2(suite, server.url);
    const answer = await http2Request(session, "POST", methodName("ListTargets"), {
      headers: { "content-type": "application/grpc", te: "trailers" },
      body: Buffer.alloc(5),
    });
    assert.deepEqual([answer.status, answer.headers["grpc-status"]], [200, "16"]);
    assert.deepEqual([answer.trailers, answer.bytes.byteLength], [{}, 0]);
    session.close();
  });

  it("is not read from: a large body is refused before it has come", async () => {
    const session = await openHttp2(suite, server.url);
    const stream = session.request({ ":method": "POST", ":path": "/v3alpha/targets" }, { endStream: false });
    const status = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
    assert.equal(status, 401);
    stream.close();
    session.close();
  });

  for (const path of ["/healthz", "/readyz", "/openapi.json"]) {
    it(`may read ${path}`, async () => {
      assert.equal((await server.request("GET", path, undefined, { token: null })).status, 200);
    });
  }
});
