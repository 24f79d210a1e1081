import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { methodName } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const APP = "https://app.example.com";
const OTHER_APP = "http://localhost:3000";
const RPC = methodName("ListTargets");

/** What pages in a browser send: the verb, the path, and the headers that a browser asks for first. */
const CALLS = {
  "gRPC-Web": {
    verb: "POST",
    path: RPC,
    headers: {
      "content-type": "application/grpc-web+proto",
      "x-grpc-web": "1",
      "x-user-agent": "grpc-web-javascript/0.1",
      "grpc-timeout": "5S",
    },
    body: Buffer.alloc(5),
  },
  "gRPC-Web as text": {
    verb: "POST",
    path: RPC,
    headers: { "content-type": "application/grpc-web-text", "x-grpc-web": "1" },
    body: Buffer.from("AAAAAAA="),
  },
  Connect: {
    verb: "POST",
    path: RPC,
    headers: { "content-type": "application/json", "connect-protocol-version": "1", "connect-timeout-ms": "5000" },
    body: Buffer.from("{}"),
  },
  "REST with POST": {
    verb: "POST",
    path: "/v3alpha/targets/search",
    headers: { "content-type": "application/json", "interpose-bypass": "true" },
    body: Buffer.from("{}"),
  },
  "REST with GET": { verb: "GET", path: "/v3alpha/executions/functions", headers: {}, body: undefined },
} as const;

/** The headers of an answer that speak of origins. */
function cors(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
}

function listed(headers: Headers, name: string): readonly string[] {
  return (headers.get(name) ?? "").split(",").map((each) => each.trim().toLowerCase());
}

describe("a page of another origin", () => {
  let off: TestServer;
  let some: TestServer;
  let any: TestServer;
  const suite = forSuite();
  before(async () => {
    [off, some, any] = await Promise.all([
      startServer(suite),
      startServer(suite, { env: { INTERPOSE_CORS_ALLOWED_ORIGINS: `${APP},${OTHER_APP}` } }),
      startServer(suite, { env: { INTERPOSE_CORS_ALLOWED_ORIGINS: "*" } }),
    ]);
  });

  /** What a browser asks before it sends a request of a page. It never sends a token along. */
  const preflight = (server: TestServer, origin: string, verb: string, path: string, headers: readonly string[]) =>
    fetch(`${server.url}${path}`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": verb, "access-control-request-headers": headers.join(",") },
    });

  for (const [name, { verb, path, headers, body }] of Object.entries(CALLS)) {
    const sent = { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers };
    const request = (server: TestServer, origin: string | undefined, token = ADMIN_TOKEN) =>
      fetch(`${server.url}${path}`, {
        method: verb,
        headers: { ...sent, authorization: `Bearer ${token}`, ...(origin !== undefined && { origin }) },
        ...(body && { body }),
      });

    describe(`that calls by ${name}`, () => {
      for (const origin of [APP, OTHER_APP]) {
        it(`may do so from ${origin}, which is allowed`, async () => {
          const asked = await preflight(some, origin, verb, path, Object.keys(sent));
          assert.equal(asked.status, 204);
          assert.equal(asked.headers.get("access-control-allow-origin"), origin);
          assert.ok(listed(asked.headers, "access-control-allow-methods").includes(verb.toLowerCase()));
          const allowed = listed(asked.headers, "access-control-allow-headers");
          for (const header of Object.keys(sent)) assert.ok(allowed.includes(header), header);
          assert.ok(Number(asked.headers.get("access-control-max-age")) > 0);
          assert.equal(asked.headers.get("access-control-allow-credentials"), null);

          const answer = await request(some, origin);
          assert.equal(answer.status, 200);
          assert.equal(answer.headers.get("access-control-allow-origin"), origin);
          assert.equal(answer.headers.get("vary"), "origin");
          const exposed = listed(answer.headers, "access-control-expose-headers");
          for (const header of ["grpc-status", "grpc-message", "grpc-status-details-bin"])
            assert.ok(exposed.includes(header));
        });
      }

      it("may read why it is refused", async () => {
        const refused = await request(some, APP, "not-the-token");
        assert.equal(refused.headers.get("access-control-allow-origin"), APP);
        assert.ok(refused.status === 401 || refused.headers.get("grpc-status") === "16");
      });

      for (const origin of [
        "https://evil.example.com",
        "http://app.example.com",
        `${APP}.evil.com`,
        `${APP}:8443`,
        "null",
      ]) {
        it(`gets nothing from ${origin}`, async () => {
          const asked = await preflight(some, origin, verb, path, Object.keys(sent));
          assert.deepEqual([asked.status, cors(asked.headers)], [401, {}]);
          const answer = await request(some, origin);
          assert.deepEqual(cors(answer.headers), {});
          assert.equal(answer.headers.get("vary"), "origin", "caches keep the answers of origins apart");
        });
      }

      it("may do so from anywhere, where anything is allowed", async () => {
        for (const origin of [APP, "https://evil.example.com", "null"]) {
          const asked = await preflight(any, origin, verb, path, Object.keys(sent));
          assert.deepEqual([asked.status, asked.headers.get("access-control-allow-origin")], [204, "*"]);
          const answer = await request(any, origin);
          assert.deepEqual([answer.status, answer.headers.get("access-control-allow-origin")], [200, "*"]);
          assert.equal(answer.headers.get("access-control-allow-credentials"), null);
        }
      });

      it("gets nothing where no origin is allowed", async () => {
        const asked = await preflight(off, APP, verb, path, Object.keys(sent));
        assert.deepEqual([asked.status, cors(asked.headers)], [401, {}]);
        const answer = await request(off, APP);
        assert.deepEqual([answer.status, cors(answer.headers), answer.headers.get("vary")], [200, {}, null]);
      });
    });
  }

  for (const verb of ["PUT", "PATCH", "DELETE"]) {
    it(`may ask for ${verb}`, async () => {
      const asked = await preflight(some, APP, verb, "/v3alpha/executions", ["authorization", "content-type"]);
      assert.ok(listed(asked.headers, "access-control-allow-methods").includes(verb.toLowerCase()));
    });
  }

  it("is answered over HTTP/2 too", async () => {
    const session = await openHttp2(suite, some.url);
    const asked = await http2Request(session, "OPTIONS", RPC, {
      headers: { origin: APP, "access-control-request-method": "POST" },
    });
    assert.deepEqual([asked.status, asked.headers["access-control-allow-origin"]], [204, APP]);
    session.close();
  });

  it("may read pages that need no token", async () => {
    const answer = await fetch(`${some.url}/openapi.json`, { headers: { origin: APP } });
    assert.deepEqual([answer.status, answer.headers.get("access-control-allow-origin")], [200, APP]);
  });

  it("is told nothing by OPTIONS that asks for no verb", async () => {
    const asked = await fetch(`${some.url}/v3alpha/targets`, { method: "OPTIONS", headers: { origin: APP } });
    assert.equal(asked.status, 401);
  });

  it("changes nothing for callers that are no browsers", async () => {
    for (const server of [some, any]) {
      const answer = await server.request("GET", "/v3alpha/executions/functions");
      assert.deepEqual([answer.status, cors(answer.headers)], [200, {}]);
    }
  });
});
